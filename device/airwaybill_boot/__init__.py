"""Recovery: takes the device to a whole release after a power cut at any moment, and back from a bad one."""

# Source on purpose: it runs on whichever firmware the boot loader starts, and a .mpy does not. In several files, since
# MicroPython holds all of a file while it compiles it. Nothing else from the file system is imported here: what else
# there is of the client may be half replaced at the time, and a release may bring a json.py of its own.
import sys


def built_in(*names):
    """The first of these modules that MicroPython itself has: with an empty sys.path no file is one of them."""
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
WAKES = 50
EIO = 5
ABSENT = (2, 20)  # ENOENT, ENOTDIR: nothing else says that a file is not there (D10)
NO_USE = ((2,), (20,), (28,))  # ENOSPC
TRIES = 3
LATER = ("start", "forward", "back", "end", "steps", "spare", "trees", "sealed", "change", "firmware", "files")
SOFT_MS = 10000  # a start so long after the power came is a soft reset

last_error = None
booted = False


def feed():
    pass


def set_feed(function):
    global feed
    feed = function


def set_error(error):
    global last_error
    last_error = error
    if error:
        print("airwaybill:", error)


def default_mounts():
    """Where the first segment of a device path is mounted. Pycom has its flash at /flash, other boards at /."""
    try:
        os.stat("/flash")
        return {"flash": "/flash", "sd": "/sd"}
    except OSError:
        return {"flash": "", "sd": "/sd"}


def boot(mounts=None, reset=True, mount=None, feed=None, count=None, wakes=WAKES):
    """Call this first in boot.py.

    It finishes what a power cut has interrupted, counts the starts of a release on trial, and takes the old release
    back after three. After a change to files or firmware it restarts the board, unless `reset` is False.
    `mounts`: mount points by the first segment of a device path. `mount`: a function that mounts what boot.py would
    mount; called when this start is counted. `feed`: called again and again, for a watchdog. `count`: True counts this
    start, False does not, None finds out. `wakes`: how many starts may stay uncounted."""
    global booted
    if booted:
        return
    booted = True
    if feed:
        set_feed(feed)
    mounts = mounts or default_mounts()
    start = guarded(lambda: _begin(mounts, count, wakes))
    if mount:
        guarded(mount)
    changed = start and guarded(start)
    # What this took is free again for the application.
    for name in LATER:
        sys.modules.pop(__name__ + "." + name, None)
        globals().pop(name, None)
    if changed and reset:
        restart()


def _begin(mounts, count, wakes):
    """Counts this start. What is to be done then, or None."""
    try:
        names = again(lambda: os.listdir(mounts["flash"] + "/" + HOME))
    except OSError as error:
        if error.args[0] in ABSENT:
            return None
        raise
    if "journal" in names or "journal.new" in names:  # of the first edition
        import airwaybill_old

        return lambda: airwaybill_old.start(mounts)
    for name in ("journal0", "journal1", "left"):
        if name in names:
            return part("start").begin(mounts, is_start if count is None else count, wakes)
    return None


def again(action):
    """Calls `action` again where an error may pass."""
    for left in range(TRIES - 1, -1, -1):
        try:
            return action()
        except Exception as error:
            if not left or error.args[:1] in NO_USE:
                raise
            time.sleep_ms(50)


def part(name):
    """A module of this package, all of it: MicroPython takes a read that fails for the end of a source file, and keeps
    half a module. So each of them says where it ends."""
    return again(lambda: _load(__name__ + "." + name))


def _load(name):
    try:
        __import__(name)
        return sys.modules[name]
    finally:
        for half in list(sys.modules):
            if half.startswith(__name__ + ".") and not hasattr(sys.modules[half], "END"):
                sys.modules.pop(half)
                raise OSError(EIO, half)


def guarded(action):
    """boot.py has to go on, whatever is wrong here."""
    try:
        return action()
    except Exception as error:
        set_error("%s: %s" % (type(error).__name__, error))


def is_start():
    """Whether the program has started anew: no wake from deep sleep, no soft reset of a development tool (D15)."""
    if hasattr(machine, "SOFT_RESET"):
        return machine.reset_cause() not in (machine.SOFT_RESET, getattr(machine, "DEEPSLEEP_RESET", None))
    # RP2040 does not tell, but its clock goes on over a soft reset.
    return time.ticks_ms() < SOFT_MS


def restart():
    if machine:
        machine.reset()


END = True
