"""The files of a list, one after the other, to where they wait for the next start."""

from airwaybill.lists import lines
from airwaybill.update import attempts, get
from airwaybill_boot import HOME, os
from airwaybill_boot.change import Change
from airwaybill_boot.files import is_directory, make_directories, parent, remove, stat
from airwaybill_boot.steps import staged
from airwaybill_boot.content import digest_of, put
from airwaybill_boot.trees import remove_tree
from OTA import OTAError

AHEAD = 8  # requests on their way at once, where the transport can
SUM_BYTES = 73  # in waybill/ID/sums, for each line of the list: the file's SHA-256 and its size in 8 digits
FETCHED = "ARBC"


def staging(ota):
    """A change that knows where files are staged."""
    change = Change(ota.mounts)
    change.start_journal("", ota.plan_id, "install")
    return change


def id_of(path):
    """The last line of a list: the name of the directories in which its files are staged. None without a list."""
    info = stat(path)
    if not info or info[6] < 11:
        return None
    with open(path, "rb") as file:
        file.seek(info[6] - 11)
        line = str(file.read(), "utf-8")
    return line[2:10] if line[:2] == "= " else None


def discard(ota):
    """Removes an interrupted download."""
    old = id_of(ota.home + "/fetch")
    if old:
        for name in ota.systems:
            remove_tree("%s/%s/%s" % (ota.mounts[name], HOME, old))
    for name in ("/fetch", "/image"):
        remove(ota.home + name)


def adopt(ota, found):
    """Makes the new list the one that is followed, if there is room for it. What an earlier download of the same
    content has brought stays."""
    path = ota.home + "/fetch"
    ota.fresh = id_of(path) != ota.plan_id
    if ota.fresh:
        discard(ota)
        sweep(ota)
    if found.size is not None:
        for name, room in found.room.items():
            room.check(0 if ota.fresh else staged_blocks(ota, name, room))
    with open(path + ".new", "a") as file:
        file.write("= %s\n" % ota.plan_id)
    put(path + ".new", path, ota.systems["flash"])


def sweep(ota):
    """Removes what changes have left on flash when the flash failed. On a card it may be another device's."""
    for name in os.listdir(ota.home):
        if len(name) == len(ota.plan_id) and is_directory(ota.home + "/" + name):
            try:
                remove_tree(ota.home + "/" + name)
            except OSError:
                pass


def staged_blocks(ota, name, room):
    """What an interrupted download has left there, its directories included."""
    change = staging(ota)
    total = 0
    shard = None
    for _, number, _, _, _, path, _ in lines(ota.home + "/fetch"):
        if path.startswith(name + "/"):
            new = staged(change, name, number, "n")
            if parent(new) != shard:
                shard = parent(new)
                total += room.directory if stat(shard) else 0
            info = stat(new)
            total += room.blocks(info[6]) if info else 0
    return total


def files(ota):
    """A generator: fetches what is not there yet."""
    change = staging(ota)
    sums = change.staging("flash") + "/sums"
    make_directories(parent(sums))
    waiting = []
    with open(sums, "wb") as file:
        source = wanted(ota, change, file)
        more = True
        while more or waiting:
            while more and len(waiting) < AHEAD:
                item = next(source, None)
                more = item is not None
                if more:
                    ota.announce(item[1], item[2])
                    waiting.append(item)
            if waiting:
                number, request, path, sha1, ota.fetching = waiting.pop(0)
                yield from fetch(ota, request, path, sha1)
                note(file, number, ota.last_sink.sha256, ota.last_sink.offset)


def note(file, number, sha256, size):
    file.seek(number * SUM_BYTES)
    file.write("%s%8d\n" % (sha256, size))


def wanted(ota, change, sums):
    """(number, request, staged path, sha1, path) of what is still to be fetched."""
    shard = None
    for kind, number, _, size, sha1, path, request in lines(ota.home + "/fetch"):
        if kind not in FETCHED:
            continue
        new = staged(change, path[: path.find("/")], number, "n")
        if parent(new) != shard:
            shard = parent(new)
            make_directories(shard)
        found = None if ota.fresh else stat(new)
        if found and size is not None and found[6] >= size:
            from airwaybill.digests import sha1_of

            if found[6] == size and sha1_of(new) == sha1:
                ota.received += size
                note(sums, number, digest_of(new), size)
                continue
            remove(new)
        yield number, request, new, sha1, path


def fetch(ota, request, path, digest, firmware=False):
    def attempt():
        found = yield from get(ota, request, path, firmware)
        if found != digest:
            if firmware:
                ota.image.restart()
            else:
                remove(path)
            raise OTAError("hash_mismatch", request)

    yield from attempts(ota, attempt)
    ota.received += ota.last_sink.offset


def image(ota, wanted):
    """A generator: the firmware, to where it does not run yet."""
    _, sha1, request = wanted
    ota.fetching = request
    yield from fetch(ota, request, None, sha1, True)
