"""From what a manifest asks of the device to the plan of the change: whether it will do it, and has the room."""

from OTA import NEW, OTAError, binascii, exists, hashlib, move, os, prune, read_record, remove
from ota_names import check_version, compare_versions
from ota_update import entries, file_system, no_room, spare_blocks

MARGIN = 8  # blocks kept free for directories and the journal


def prepare(ota, allow_downgrade, retry, summary, sections, systems, own):
    """Judges what `ota_manifest.read` has left, and makes it the plan. (summary, firmware version, file systems)."""
    plan = ota.home + "/plan"
    if summary is None or not (summary.entries or (summary.firmware and ota.firmware)):
        discard(ota)
        return None, None, None
    firmware = judge(ota, summary, own, allow_downgrade, retry)
    check_once(plan + NEW, sections)
    check_case(plan + NEW, [name for name in summary.uses if systems[name][2]])
    if firmware:
        from ota_firmware import Image

        ota.image = Image(summary.firmware[0])
    same = plan_digest(plan) == summary.digest
    if not same:
        discard(ota)
    check_space(ota, summary, systems)
    if not same:
        move(plan + NEW, plan, ota.home_copies())
    return summary, firmware, systems


def judge(ota, summary, own, allow_downgrade, retry):
    """D5: what the device does not take. Returns the version of the firmware, where one is to be written."""
    if summary.previous != own:
        raise OTAError("previous_version", "%s, and this is %s" % (summary.previous, own))
    firmware = image_version(summary.firmware[2]) if summary.firmware and ota.firmware else None
    running = ota.firmware_version
    if firmware and running and not allow_downgrade and compare_versions(firmware, running) <= 0:
        raise OTAError("version_not_higher", "firmware %s, and this is %s" % (firmware, running))
    if own and not allow_downgrade:
        order = compare_versions(summary.version, own)
        # P6: a plan with nothing but firmware has the device's own version.
        if order < 0 or (order == 0 and (summary.entries or not firmware)):
            raise OTAError("version_not_higher", "%s, and this is %s" % (summary.version, own))
    report = read_record(ota.home + "/report") or {}
    if not retry and report.get("refused") == summary.version and report.get("firmware") == firmware:
        raise OTAError("refused", "%s was rolled back: %s" % (summary.version, report["error"]))
    return firmware


def check_space(ota, summary, systems):
    """Room for all new files, and for the backups that double old ones: on FAT all at once, elsewhere one at a time."""
    for name in summary.uses:
        root = ota.mounts[name]
        block, free = file_system(root)
        copies = systems[name][2]
        new, old, largest = summary.blocks[name]
        backups = largest + (old if copies else 0) + MARGIN
        if name == "flash":
            backups += spare_blocks(summary, systems)
        ota.reserve[root] = backups
        need = backups
        if copies and name == "flash":
            need -= -os.stat(ota.home + "/plan" + NEW)[6] // block  # is copied into its place
        if summary.sized:
            need += new - downloaded(ota, name, block)
        if need > free:
            raise no_room(root, need, block, free)


def downloaded(ota, mount, block):
    """How many blocks of an interrupted download are there already."""
    blocks = 0
    if exists(ota.home + "/plan"):
        with open(ota.home + "/plan") as plan:
            for _, _, _, path, _ in entries(plan):
                if path and path[: path.find("/")] == mount:
                    try:
                        blocks += -(-os.stat(ota.real_path(path) + NEW)[6] // block)
                    except OSError:
                        pass
    return blocks


def discard(ota):
    """Removes an interrupted download."""
    if not exists(ota.home + "/plan"):
        return
    with open(ota.home + "/plan") as plan:
        for kind, _, _, path, _ in entries(plan):
            if kind in "AR" and path[: path.find("/")] in ota.mounts:
                real = ota.real_path(path)
                remove(real + NEW)
                prune(real, ota.root_of(real))
    remove(ota.home + "/plan")


def check_once(path, sections):
    """A path in two of the lists is refused. Each list is sorted, so one pass over all of them finds it."""
    files = [open(path) for _ in sections]
    try:
        heads = []
        for i in range(len(files)):
            files[i].seek(sections[i])
            heads.append(_next_path(files[i], sections[i + 1] if i + 1 < len(sections) else None))
        while True:
            least = None
            for i in range(len(heads)):
                if heads[i] is None:
                    continue
                if least is not None and heads[i] == heads[least]:
                    raise OTAError("path_duplicate", heads[i])
                if least is None or heads[i].encode() < heads[least].encode():
                    least = i
            if least is None:
                return
            heads[least] = _next_path(files[least], sections[least + 1] if least + 1 < len(sections) else None)
    finally:
        for file in files:
            file.close()


def _next_path(file, end):
    while end is None or file.tell() < end:
        line = file.readline()
        if not line:
            return None
        if line[0] in "ARKD":
            return line[:-1].split(" ", 3)[3]
    return None


def check_case(path, names):
    """On FAT (the mounts `names`) paths that differ only in case are one file. A release with two of them is refused;
    the delete of one that the release brings in another case is struck from the plan (kind X)."""
    if not names:
        return
    marks = bytearray()  # four bytes of a hash for each path; what two of them share is looked up in the plan
    with open(path, "r+b") as plan:
        for kinds in (b"ARK", b"D"):
            plan.seek(0)
            at = 0
            line = plan.readline()
            while line:
                folded = _folded(line, kinds, names)
                if folded is not None:
                    mark = hashlib.sha1(folded).digest()[:4]
                    if mark in marks and _has_case(path, folded, at, names):
                        if kinds != b"D":
                            raise OTAError("path_case", str(line[:-1].split(b" ", 3)[3], "utf-8"))
                        plan.seek(at)
                        plan.write(b"X")
                        plan.seek(at + len(line))
                    elif kinds != b"D":
                        marks.extend(mark)
                at += len(line)
                line = plan.readline()


def _folded(line, kinds, names):
    """The path of a line of these kinds on one of these mounts, in lower case."""
    if line[:1] not in kinds:
        return None
    path = line[:-1].split(b" ", 3)[3]
    return path.lower() if str(path[: path.find(b"/")], "utf-8") in names else None


def _has_case(path, folded, but, names):
    """Whether the release has this path in any case, in another line than the one at `but`."""
    at = 0
    with open(path, "rb") as plan:
        for line in plan:
            if at != but and _folded(line, b"ARK", names) == folded:
                return True
            at += len(line)
    return False


def plan_digest(path):
    """The digest in the last line of a plan, or None when it is not whole."""
    try:
        size = os.stat(path)[6]
        with open(path, "rb") as file:
            file.seek(max(0, size - 43))
            line = file.read(43)
    except OSError:
        return None
    return str(line[2:42], "ascii") if len(line) == 43 and line[:2] == b"= " else None


def image_version(request):
    """The version in the name of a firmware image, `firmware_1.0.1.bin`."""
    name = request.split("/")[-1]
    if not name.startswith("firmware_") or not name.endswith(".bin"):
        raise OTAError("firmware_unsupported", name)
    return check_version(unquote(name[len("firmware_") : -len(".bin")]))


def unquote(text):
    parts = text.split("%")
    out = parts[0]
    for part in parts[1:]:
        try:
            out += str(binascii.unhexlify(part[:2]), "ascii") + part[2:]
        except ValueError:
            raise OTAError("url_invalid", text)
    return out
