"""Recovery: takes the device to a whole release after a power cut at any moment, and back from a bad one."""

# Source on purpose: it runs on whichever firmware the boot loader starts, and a .mpy does not. In several files, since
# MicroPython holds all of a file while it compiles it. Nothing else from the file system is imported here: what else
# there is of the client may be half replaced at the time, and a release may bring a json.py of its own.
import gc
import sys


def built_in(*names):
    # The first of these modules that MicroPython itself has: with an empty sys.path no file is one of them.
    path = sys.path[:]
    sys.path[:] = []
    try:
        for name in names:
            try:
                return __import__(name)
            except ImportError:
                pass
    finally:
        sys.path[:] = path


binascii = built_in("binascii", "ubinascii")
hashlib = built_in("hashlib", "uhashlib")
json = built_in("json", "ujson")
os = built_in("os", "uos")
time = built_in("time", "utime")
machine = built_in("machine")
esp32 = built_in("esp32")
pycom = built_in("pycom")

HOME = "waybill"  # the client's own directory, on each mount
BUFFER = memoryview(bytearray(1024))
EIO = 5
ABSENT = (2, 20)  # ENOENT, ENOTDIR: nothing else says that a file is not there (D10)
ERESTART = 85  # only a new start helps, and nothing is to be written before it
NO_USE = ((2,), (20,), (28,), (ERESTART,))  # ENOSPC
TRIES = 3

last_error = None
booted = False
feeder = None


def feed():
    if feeder:
        feeder()


def set_feed(function):
    global feeder
    feeder = function


def set_error(error):
    global last_error
    last_error = error
    if error:
        print("airwaybill:", error)


def default_mounts():
    # Where the first segment of a device path is mounted. Pycom has its flash at /flash, other boards at /.
    try:
        os.stat("/flash")
        return {"flash": "/flash", "sd": "/sd"}
    except OSError:
        return {"flash": "", "sd": "/sd"}


def boot(mounts=None, reset=True, mount=None, feed=None, count=None, wakes=50):
    # Call this first in boot.py.
    #
    # It finishes what a power cut has interrupted, counts the starts of a release on trial, and takes the old release
    # back after three. After a change to files or firmware it restarts the board, unless `reset` is False.
    # `mounts`: mount points by the first segment of a device path. `mount`: a function that mounts what boot.py would
    # mount; called when this start is counted. `feed`: called again and again, for a watchdog. `count`: True counts
    # this start, False does not, None finds out. `wakes`: how many starts may stay uncounted.
    global booted
    if booted:
        return
    booted = True
    if feed:
        set_feed(feed)
    mounts = mounts or default_mounts()
    step = guarded(lambda: _begin(mounts, count, wakes))
    if mount:
        guarded(mount)
    changed = step and guarded(lambda: _do(*step))
    forget()
    if changed and reset:
        restart()


def _begin(mounts, count, wakes):
    # Counts this start. (part, function, change) of what is to be done then, or None.
    try:
        names = again(lambda: os.listdir(mounts["flash"] + "/" + HOME))
    except OSError as error:
        if error.args[0] in ABSENT:
            return None
        raise
    for name in ("journal0", "journal1", "left", "journal", "journal.new"):
        if name in names:
            part("change")  # it stays from one step to the next
            return once("start", "begin", mounts, names, count, wakes)
    return None


def _do(part, function, change):
    # Whether the board has to start again.
    changed = once(part, function, change)
    if change.error:
        set_error(change.error)
    return changed


def again(action):
    # Calls `action` again where an error may pass.
    for left in range(TRIES - 1, -1, -1):
        try:
            return action()
        except Exception as error:
            if not left or error.args[:1] in NO_USE:
                raise
            time.sleep_ms(50)


def part(name):
    # A module of this package, all of it: MicroPython takes a read that fails for the end of a source file, and keeps
    # half a module. So each of them says where it ends.
    return again(lambda: load(__name__ + "." + name))


def once(name, function, *arguments):
    # Calls a function of a part. What this loads is gone afterwards: few boards have room for all of it.
    feed()
    before = list(sys.modules)
    try:
        return getattr(part(name), function)(*arguments)
    finally:
        forget(before)


def forget(but=()):
    # Lets go of the parts of the client, `but` for these modules.
    for name in list(sys.modules):
        package, _, last = name.rpartition(".")
        if package.startswith("airwaybill") and name not in but:
            if hasattr(sys.modules.get(package), last):
                delattr(sys.modules[package], last)
            del sys.modules[name]
    gc.collect()


def load(name):
    # Where a module of the recovery is half, or of the one before, those that came with it go too: they have taken from
    # it what there was.
    before = list(sys.modules)
    try:
        __import__(name)
        return sys.modules[name]
    except ImportError as error:
        if name.startswith("airwaybill_b"):
            raise OSError(EIO, name)  # its directory could not be read
        raise error
    finally:
        for half in list(sys.modules):
            if half.startswith("airwaybill_b") and not hasattr(sys.modules[half], "END"):
                forget([__name__] if half in before else before)
                raise OSError(ERESTART if half in before else EIO, half)


def guarded(action):
    # boot.py has to go on, whatever is wrong here.
    try:
        return action()
    except Exception as error:
        set_error("%s: %s" % (type(error).__name__, error))


def restart():
    if machine:
        machine.reset()


END = True
