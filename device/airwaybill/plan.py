"""What is to be fetched, and what stands in its way; refuses what rules M5 and D5 refuse."""

from airwaybill_boot import hashlib
from airwaybill_boot.content import digest_of
from airwaybill_boot.files import DIRECTORY, Writing, is_directory, parent, stat
from airwaybill.digests import sha1_of
from airwaybill.faces import PACKAGE, is_face
from airwaybill.lists import address, lines, write
from airwaybill.room import room_of
from OTA import OTAError

MODULES = (".py", ".mpy")
FIELDS = {"n": "new", "u": "update", "k": "keep"}


def plan(ota, found, deletes):
    """All that the manifest lists."""
    with Writing(ota.home + "/fetch.new", "w") as target:
        planner = Planner(ota, found, target)
        for kind, _, _, _, _, path, _ in lines(deletes) if deletes else ():
            if kind == "d":
                planner.delete("before", path)
        patches = []
        for kind, _, _, size, sha1, path, request in lines(ota.home + "/fetch.raw", patches):
            if kind == "d":
                planner.delete("delete", path)
            else:
                planner.entry(FIELDS[kind], path, size, sha1, request, patches[0])
        planner.begin(None)


class Planner:
    def __init__(self, ota, found, target):
        self.ota = ota
        self.found = found
        self.target = target
        if any(ota.systems.values()):
            from airwaybill import fat

            self.fat = fat
        self.prefix = None
        self._parent = None  # of the last path, and what is known of it
        self.levels = 0
        self.seen = False  # whether these were looked at for what they hide
        found.files = found.size = found.changes = found.number = 0
        found.sections = []
        found.rooms = {}
        found.taken = []  # (what it has to be, path) of what stands in the way of a new file
        found.client = False  # whether the release has it
        found.sha256 = hashlib.sha256()

    def begin(self, field):
        """A section of the list begins, and the one before it ends."""
        sections = self.found.sections
        if sections:
            if sections[-1][0] == field:
                return
            sections[-1][2] = self.target.tell()
        if field:
            sections.append([field, self.target.tell(), None])

    def _line(self, kind, levels, size, digest, path):
        self.found.number = write(self.target, self.found.number, kind, levels, size, digest, path)

    def delete(self, field, path):
        self.begin(field)
        self.room(path)
        self._line("d", 0, None, "-", path)

    def room(self, path):
        """D5: inside a mount point of the device, and none of the client's own files."""
        name = path[: path.find("/")]
        mounts = self.ota.mounts
        if "/" not in path or name not in mounts:
            raise OTAError("path_mount", path)
        if path.lower().split("/")[1] == "waybill":
            raise OTAError("path_reserved", path)
        real = self.ota.real(path).lower() + "/"
        for other in mounts:
            if other != name and len(mounts[other]) > len(mounts[name]) and real.startswith(mounts[other] + "/"):
                raise OTAError("path_mount", path)
        room = room_of(self.ota, self.found, name)
        if room.copies:
            self.fat.check_fat_path(path)
        return room

    def entry(self, field, path, size, sha1, request, patch):
        self.begin(field)
        room = self.room(path)
        found = self.found
        real = self.ota.real(path)
        missing = self._missing_levels(path)
        info = None if missing else stat(real)
        old = info[6] if info and not info[0] & DIRECTORY else None
        found.sha256.update(("%s %s\n" % (sha1, path)).encode())
        digest = sha1
        # Of a release of which the device has no record, the directories of files that it finds are that release's.
        levels = path.count("/") - 1 if found.whole and not found.head else 0
        face = is_face(path, room.copies)
        if (face and not self.ota.boot_py) or (field == "keep" and info):
            kind = "S"
        elif old is not None and found.whole and sha1_of(real) == sha1:
            kind = "K"
            digest = digest_of(real)
            size = old
        elif face:
            kind = "B"
            if parent(real).endswith("/airwaybill_boot") and not missing:
                room.add_copies(parent(real))
        elif old is not None:
            kind = "R"
            if room.copies and field == "new" and not self.fat.has_name(real):
                found.taken.append(("renamed", path))
        else:
            kind = "C" if field == "keep" else "A"
            if info:
                found.taken.append(("directory", path))
            levels = missing
            self._look_for_hiding(path, missing)
        if kind in "ARBC":
            if patch and patch[1] and kind != "R":
                patch = None
            self.prefix = address(self.target, self.prefix, path, request, patch)
            to_come = size
            if patch:
                to_come = patch[0]
                room.patch = max(room.patch, room.blocks(to_come))
            found.files += 1
            found.size = None if size is None or found.size is None else found.size + to_come
            found.changes += 1
            room.add(path, size or 0, old, levels if kind in "AC" else 0)
        found.client |= path.startswith(PACKAGE)
        self._line(kind, levels, size, digest, path)

    def _missing_levels(self, path):
        """How many of the directories above `path` are not there."""
        if self._parent != parent(path):
            self._parent = place = parent(path)
            self.levels = 0
            self.seen = False
            while "/" in place and not is_directory(self.ota.real(place)):
                self.levels += 1
                place = parent(place)
        return self.levels

    def _look_for_hiding(self, path, missing):
        """MicroPython imports a directory before a file of that name."""
        take = self.found.taken.append
        for ending in () if missing else MODULES:
            if path.endswith(ending) and is_directory(self.ota.real(path[: -len(ending)])):
                take(("hides", path[: -len(ending)]))
        for _ in range(0 if self.seen else missing):
            path = parent(path)
            if stat(self.ota.real(path)):
                take(("file", path))
            for ending in MODULES:
                if ("hidden", path + ending) not in self.found.taken and stat(self.ota.real(path) + ending):
                    take(("hidden", path + ending))
        self.seen = True
