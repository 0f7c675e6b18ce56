"""What is absent, what is damaged, and what only fails for now; and records."""

from . import ABSENT, ERESTART, again, binascii, feed, hashlib, json, os

FORMAT = 1  # of journal, plan and record
CORRUPT = 84  # littlefs's own number for content that is damaged
EACCES = 13
ENOSPC = 28
DIRECTORY = 0x4000
# What a failure weighs; a release is refused from REFUSED on.
FAILED, STARTS, REFUSED = 2, 3, 6
RECORD_BYTES = 512  # at least
# Staged files a directory, and such directories in one: littlefs reads all of a directory to find one, and more to
# rename it.
SHARD, SHARDS = 8, 8


class Damaged(Exception):
    # Content that is not what it has to be: it does not get better by trying again.
    pass


def stat(path):
    # As os.stat; None where nothing is.
    try:
        return os.stat(path)
    except OSError as error:
        if error.args[0] in ABSENT:
            return None
        raise


def is_directory(path):
    info = stat(path)
    return bool(info and info[0] & DIRECTORY)


def is_file(path):
    info = stat(path)
    return bool(info and not info[0] & DIRECTORY)


def remove(path):
    if stat(path):
        os.remove(path)


def parent(path):
    return path[: path.rfind("/")]


def make_directories(path):
    if path and not stat(path):
        make_directories(parent(path))
        feed()
        try:
            os.mkdir(path)
        except OSError as error:  # FAT without a cluster for it says EACCES
            raise OSError(ENOSPC) if error.args[0] == EACCES else error


def staged(staging, number, kind):
    # Where a file waits (`n`) or is kept (`o`).
    return "%s/%d/%d/%s%d" % (staging, number // (SHARD * SHARDS), number // SHARD, kind, number)


class Writing:
    # A file that is written, for `with`.

    def __init__(self, path, mode):
        self.file = open(path, mode)

    def __enter__(self):
        return self.file

    def __exit__(self, *_):
        close(self.file)


def close(file):
    # FAT leaves a file open whose close() fails, and the garbage collector closes it later, over what is in the place
    # of its entry by then (findings/fat-failed-close-comes-again.sh).
    try:
        file.close()
    except OSError as error:
        try:
            again(file.close)
        except OSError:
            raise OSError(ERESTART, str(error))
        raise error


def hexlify(digest):
    return str(binascii.hexlify(digest.digest()), "ascii")


def write_record(path, record):
    # A line of JSON, and its SHA-256. Over what is there, and never shorter: so it takes no room that is not its own
    # already, on a file system that is full.
    record["format"] = FORMAT
    text = json.dumps(record)
    text = "%s\n%s\n" % (text, hexlify(hashlib.sha256(text.encode())))
    info = stat(path)
    size = info[6] if info else RECORD_BYTES
    with Writing(path, "r+" if info else "w") as file:
        file.write(text + " " * (size - len(text)))


def read_record(path):
    # None where there is none, or a damaged one.
    try:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
    except OSError as error:
        if error.args[0] in ABSENT or error.args[0] == CORRUPT:
            return None
        raise
    if len(lines) != 3 or lines[1] != hexlify(hashlib.sha256(lines[0])).encode():
        return None
    record = json.loads(lines[0])
    if record["format"] != FORMAT:
        raise Damaged("%s has format %s" % (path, record["format"]))
    return record


def error_text(error):
    return "%s: %s" % (type(error).__name__, error) if isinstance(error, (OSError, MemoryError)) else str(error)


END = True
