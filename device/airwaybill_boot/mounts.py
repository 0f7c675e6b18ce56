"""The file systems that a change is about."""

from . import HOME, os
from .files import remove

EPERM = 1


def is_mounted(mounts, name):
    root = mounts.get(name)
    flash = mounts["flash"]
    if root is None or root == flash:
        return root is not None
    try:
        if flash:
            os.stat(root)
            return True
        # Flash at /: without a card, /sd may be a directory of it. A rename is never across two file systems.
        os.rename(root + "/" + HOME + "-probe", "/" + HOME + "-probe")
    except OSError as error:
        return not flash and error.args[0] == EPERM
    return False


def missing(change):
    return [name for name in change.head["mounts"] if not is_mounted(change.mounts, name)]


def lose(change, name):
    # A mount that fails is taken for one that is away.
    change.mounts = {other: change.mounts[other] for other in change.mounts if other != name}


def settle(change, name):
    # Before one asks whether a file waits: on littlefs a rename from one directory to another that was cut short, or
    # failed, hides the file after it in the first of the two, until something is written.
    if not change.head["mounts"][name]:
        path = "%s/%s/settle" % (change.mounts[name], HOME)
        open(path, "w").close()
        remove(path)


def spend(mounts):
    # The room that was kept. Should it be needed and not have gone, then writing fails.
    for name in mounts:
        try:
            if is_mounted(mounts, name):
                remove("%s/%s/spare" % (mounts[name], HOME))
        except OSError:
            pass


END = True
