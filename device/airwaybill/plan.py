"""From what a manifest says to the list of what the device is to fetch and to change."""

from airwaybill import record
from airwaybill.digests import sha1_of
from airwaybill.lists import lines, merged, quote, section
from airwaybill.room import Room
from airwaybill_boot import hashlib, os
from airwaybill_boot.files import DIRECTORY, hexlify, is_directory, parent, remove, stat
from airwaybill_boot.content import digest_of, pump
from airwaybill_boot.trees import names_in
from OTA import OTAError

FACES = ("boot", "OTA", "airwaybill_boot", "airwaybill_before")
CLIENT = ("flash/airwaybill/", "flash/lib/airwaybill/")
MODULES = (".py", ".mpy")


class Planner:
    """Writes the list for one manifest, and refuses what rules M5 and D5 refuse. Nothing else is written."""

    def __init__(self, ota, systems, full, known):
        """`systems`: by mount that is there, whether its files have to be copied. `full`: the manifest lists the whole
        release. `known`: whether the device has a record."""
        self._ota = ota
        self._systems = systems
        if any(systems.values()):
            from airwaybill import fat

            self._fat = fat
        self._full = full
        self._known = known
        self._digest = hashlib.sha256()
        self._prefix = None
        self._new_parent = (None, 0)
        self._number = 0
        self._taken = []  # (what it has to be, path) of what stands in the way of a new file
        self._client = [0, 0]  # files of the client's package that stay, that go
        self.sections = []  # [field, where in the list it starts, where it ends]
        self.room = {}  # by mount
        self.firmware = None  # (size, sha1, request)
        self.files = 0  # to fetch
        self.size = 0  # of these, in bytes; None where the manifest does not say
        self.changes = 0
        self.digest = None

    def take(self, reader, source, path, deletes):
        """All of the manifest in `source`. `deletes`: the path of a list whose deletes go as well, or None."""
        with open(path, "w") as self._target:
            for kind, _, _, _, _, name, _ in lines(deletes) if deletes else ():
                if kind == "d":
                    self._begin("before")
                    self._line("d", 0, None, "-", name)
            for field, _, item in reader.read(source):
                if field == "firmware":
                    self.firmware = item
                elif field == "delete":
                    self._begin(field)
                    self._mount_of(item)
                    self._line("d", 0, None, "-", item)
                else:
                    self._begin(field)
                    self._entry(field, *item)
            self._begin(None)
        whole = reader.full or reader.previous_version is None
        if reader.null or not (self._full or (self._known and not whole)):
            return  # it is read again as what it is, or all of the release is asked for
        self._find_what_goes(path)
        self._clear_the_way(path)
        for name in self.room:
            if self._systems[name]:
                self._fat.check_case(path, name)
        self._digest.update(("%s %s" % (reader.version, self.firmware and self.firmware[1])).encode())
        self.digest = hexlify(self._digest)

    def _begin(self, field):
        if self.sections:
            if self.sections[-1][0] == field:
                return
            self.sections[-1][2] = self._target.tell()
        if field:
            self.sections.append([field, self._target.tell(), None])

    def _line(self, kind, levels, size, digest, path):
        size = "-" if size is None else size
        self._target.write("%s %d %d %s %s %s\n" % (kind, self._number, levels, size, digest, path))
        self._number += 1

    def _mount_of(self, path):
        """D5: inside a mount point of the device, and none of the client's own files."""
        name = path[: path.find("/")]
        mounts = self._ota.mounts
        if "/" not in path or name not in mounts:
            raise OTAError("path_mount", path)
        if path.lower().split("/")[1] == "waybill":
            raise OTAError("path_reserved", path)
        real = self._ota.real(path).lower() + "/"
        for other in mounts:
            if other != name and len(mounts[other]) > len(mounts[name]) and real.startswith(mounts[other] + "/"):
                raise OTAError("path_mount", path)
        if name not in self.room:
            if name not in self._systems:
                raise OTAError("mount_missing", name)
            self.room[name] = Room(mounts[name], self._systems[name], name == "flash", list(mounts.values()))
        if self._systems[name]:
            self._fat.check_fat_path(path)
        return name

    def _entry(self, field, path, size, sha1, request):
        name = self._mount_of(path)
        real = self._ota.real(path)
        info = stat(real)
        old = info[6] if info and not info[0] & DIRECTORY else None
        self._digest.update(("%s %s\n" % (sha1, path)).encode())
        digest = sha1
        # Of a release of which the device has no record, the directories of files that it finds are that release's.
        levels = path.count("/") - 1 if self._full and not self._known else 0
        face = is_face(path, self._systems[name])
        if (face and not self._ota.boot_py) or (field == "keep" and info):
            kind = "S"
        elif old is not None and self._full and sha1_of(real) == sha1:
            kind = "K"
            digest = digest_of(real)
            size = old
        elif face:
            kind = "B"
            if parent(real).endswith("/airwaybill_boot") and is_directory(parent(real)):
                self.room[name].add_copies(parent(real))
        elif old is not None:
            kind = "R"
            if self._systems[name] and field == "new" and not has_name(real):
                self._taken.append(("renamed", path))
        else:
            kind = "C" if field == "keep" else "A"
            if info:
                self._taken.append(("directory", path))
            levels = self._levels_to_make(path)
            self._look_for_hiding(path, levels)
        if kind in "ARBC":
            self._address(path, request)
            self.files += 1
            self.size = None if size is None or self.size is None else self.size + size
            self.changes += 1
            self.room[name].add(path, size or 0, old or 0, levels if kind in "AC" else 0)
        self._client[0] += path.startswith(CLIENT)
        self._line(kind, levels, size, digest, path)

    def _address(self, path, request):
        quoted = quote(path)
        if not request.endswith(quoted):
            self._target.write("Q %s\n" % request)
        elif request[: -len(quoted)] != self._prefix:
            self._prefix = request[: -len(quoted)]
            self._target.write("P %s\n" % self._prefix)

    def _levels_to_make(self, path):
        """How many of the directories above `path` are to be made."""
        above = parent(path)
        if self._new_parent[0] != above:
            levels = 0
            place = above
            while "/" in place:
                info = stat(self._ota.real(place))
                if info and info[0] & DIRECTORY:
                    break
                if info:
                    self._taken.append(("file", place))
                levels += 1
                place = parent(place)
            self._new_parent = (above, levels)
        return self._new_parent[1]

    def _look_for_hiding(self, path, levels):
        """MicroPython imports a directory before a file of that name."""
        for ending in MODULES:
            if path.endswith(ending) and is_directory(self._ota.real(path[: -len(ending)])):
                self._taken.append(("hides", path[: -len(ending)]))
        for _ in range(levels):
            path = parent(path)
            for ending in MODULES:
                if ("hidden", path + ending) not in self._taken and stat(self._ota.real(path) + ending):
                    self._taken.append(("hidden", path + ending))

    def _find_what_goes(self, path):
        """Adds the deletes to the list (D13), and refuses a path that is in two lists of the manifest."""
        goes = self._ota.home + "/goes"
        directories = []  # of the record, around the path that is looked at
        clients = []
        with open(goes, "w") as self._target:
            for name, found in merged(self._sources(path)):
                while directories and not name.startswith(directories[-1]):
                    directories.pop()
                if name[-1] == "/":
                    directories.append(name)
                elif self._does_go(name, found):
                    if name.startswith(CLIENT):
                        clients.append(self._target.tell())
                    levels = record.owned(directories, name)
                    self._line("D", levels, None, "-", name)
                    size = stat(self._ota.real(name))[6]
                    self._mount_of(name)
                    self.room[name[: name.find("/")]].add(name, None, size, levels)
                    self.changes += 1
        if not self._client[0]:  # the client is updated, never removed
            with open(goes, "r+b") as file:
                for at in clients:
                    file.seek(at)
                    file.write(b"d")
            self.changes -= len(clients)
        with open(path, "ab") as target:
            start = os.stat(path)[6]
            pump(goes, target.write)
        self.sections.append(["goes", start, os.stat(path)[6]])
        remove(goes)

    def _sources(self, path):
        for field, start, end in self.sections:
            yield field, section(path, start, end)
        if self._known:
            yield "record", ((name, size) for name, size, _ in record.entries(self._ota.home + "/files"))

    def _does_go(self, name, found):
        listed = [field for field in found if field not in ("record", "before")]
        if len(listed) > 1:
            raise OTAError("path_duplicate", name)
        entry = listed and listed[0] != "delete"
        if self._full:
            # A release without any file is one of which all is protected (C2).
            goes = ("record" in found or "before" in found) and not entry and self._number > 0
        else:
            goes = "delete" in found and "record" in found
        mount = name[: name.find("/")]
        there = mount in self._systems and not is_directory(self._ota.real(name)) and stat(self._ota.real(name))
        goes = goes and bool(there) and not is_face(name, self._systems[mount])
        if name.startswith(CLIENT) and not goes and not entry and "record" in found:
            self._client[0] += 1
        return goes

    # What stands in the way

    def _clear_the_way(self, path):
        more = []
        for what, name in self._taken:
            if what in ("directory", "hides"):
                more += self._directories_to_go(path, what, name)
            elif what == "renamed":
                fat_name = self._fat.fat_name
                if not any([kind == "D" and fat_name(other) == fat_name(name) for kind, other in kinds(path)]):
                    raise OTAError("path_case", name)
            else:
                kind = self._kind_of(path, name)
                if kind != "D" and (what == "file" or not kind):
                    raise OTAError("path_conflict", name)
        with open(path, "a") as self._target:
            for name in more:
                self._line("X", 0, None, "-", name)

    def _kind_of(self, path, name):
        """What becomes of the file `name`; None for one that is no release's."""
        for kind, other in kinds(path):
            if other == name and kind != "d":
                return kind
        if self._known:
            for other, _, _ in record.entries(self._ota.home + "/files"):
                if other == name:
                    return "K"
        return None

    def _directories_to_go(self, path, what, name):
        """The directory `name` and those below it, the innermost first, if nothing in them stays."""
        directories = []
        stay = []
        for entry, is_file in below(self._ota, name):
            if not is_file:
                directories.append(entry)
            else:
                kind = self._kind_of(path, entry)
                if kind != "D":
                    stay.append(kind)
        if any(stay) and what == "hides":
            return []  # the release has both
        if stay:
            raise OTAError("path_conflict", name)
        return directories


def has_name(path):
    """Whether the directory has this very name: FAT finds a file by others, too."""
    wanted = path[path.rfind("/") + 1 :].encode()
    return any([name == wanted for name, _ in names_in(parent(path))])


def kinds(path):
    for kind, _, _, _, _, name, _ in lines(path):
        yield kind, name


def below(ota, path):
    """(path, whether it is a file) of all below a directory, and then of itself."""
    for name, is_dir in list(names_in(ota.real(path))):
        name = path + "/" + str(name, "utf-8")
        if is_dir:
            yield from below(ota, name)
        else:
            yield name, True
    yield path, False


def is_face(path, copies):
    """Whether the start of the device depends on this file: it is put in place by `confirm()`, or left alone."""
    parts = (path.upper() if copies else path).split("/")
    if parts[0].lower() != "flash":
        return False
    name = parts[2] if len(parts) > 2 and parts[1] in ("lib", "LIB") else parts[1]
    for ending in ("", ".py", ".mpy"):
        for face in FACES:
            if name == (face.upper() + ending.upper() if copies else face + ending):
                return face != "boot" or (ending != "" and len(parts) == 2)
    return False
