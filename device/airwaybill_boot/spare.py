"""Room that the application cannot take: on each mount as much as the way back needs at once (D11)."""

from . import BUFFER, HOME, feed
from .files import ENOSPC, Writing, make_directories, parent, stat
from .mounts import is_mounted


def keep_spares(change):
    # Whether it is all there.
    enough = True
    for name in change.head["mounts"]:
        try:
            if is_mounted(change.mounts, name):
                enough = keep_spare(change.mounts[name], change.head["spare"].get(name, 0)) and enough
        except OSError:
            if name == "flash":
                raise
    return enough


def keep_spare(root, size):
    path = "%s/%s/spare" % (root, HOME)
    info = stat(path)
    return bool(info and info[6] >= size) or fill(path, size)


def fill(path, size):
    make_directories(parent(path))
    made = 0
    try:
        with Writing(path, "wb") as file:
            while made < size:
                feed()
                made += file.write(BUFFER)
    except OSError as error:
        if error.args[0] != ENOSPC:
            raise
    return made >= size


END = True
