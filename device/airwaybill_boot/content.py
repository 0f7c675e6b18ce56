"""What is in files: read, copied, put in place."""

from . import ABSENT, BUFFER, again, feed, hashlib, os
from .files import Writing, hexlify


def pump(path, write):
    with open(path, "rb") as file:
        while True:
            count = file.readinto(BUFFER)
            if not count:
                return
            write(BUFFER[:count])
            feed()


def copy(source, target, fat=False):
    # When the power goes, FAT loses the clusters of a file that its directory does not have yet, and a full file system
    # then has no room to do it again. So the first of them is entered at once, and the others follow from it.
    with Writing(target, "wb") as writer:

        def write(data):
            nonlocal fat
            writer.write(data)
            if fat:
                writer.flush()
                fat = False

        pump(source, write)


def put(source, target, copies, fat=False):
    # On FAT a rename that is cut short leaves two names for the same clusters: there (`copies`) the file is copied.
    # Elsewhere it is a rename within a directory, which is one write: see `place.move`.
    if copies:
        copy(source, target, fat)
        os.remove(source)
    else:
        again(lambda: os.rename(source, target))


def digest_of(path):
    digest = hashlib.sha256()
    pump(path, digest.update)
    return hexlify(digest)


def digest_if_there(path):
    try:
        return digest_of(path)
    except OSError as error:
        if error.args[0] in ABSENT:
            return None
        raise


END = True
