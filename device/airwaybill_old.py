"""Takes over a change that a client of the first edition has begun: the release that brought this one.

Its journal is a record with a SHA-1; its plan has a line for each file, `A|R|D size sha1 path`; what is new has a
`.new` beside the file, what was there a `.bak`. A release that no longer comes to such devices can leave this file out.
"""

import airwaybill_boot as base
from airwaybill_boot import HOME, hashlib, json, os
from airwaybill_boot.clear import clear
from airwaybill_boot.content import copy, pump, put
from airwaybill_boot.files import ENOSPC, error_text, hexlify, remove, stat
from airwaybill_boot.mounts import is_mounted
from airwaybill_boot.spare import keep_spare

TRIAL_STARTS = 3
TRIES = 3  # installations that failed, until the first edition refuses the release
ENODEV = 19


def start(mounts):
    """What boot() does. Whether files or firmware have changed."""
    change = Old(mounts)
    if change.journal is None:
        return False
    state = change.journal["state"]
    if state == "confirm":
        return change.finish()
    if state == "rollback":
        return change.take_back()
    if state in ("backup", "install"):
        return change.forward()
    if change.firmware and change.firmware.runs("old"):
        return change.roll_back("firmware_reverted")
    if change.journal["starts"] >= TRIAL_STARTS:
        return change.roll_back("not_confirmed")
    change.journal["starts"] += 1
    try:
        change.save()
    except OSError:  # a release whose starts cannot be counted would never go
        return change.roll_back("not_counted")
    return False


def confirm(mounts):
    """Whether a release was on trial."""
    change = Old(mounts)
    if change.journal is None or change.journal["state"] != "trial":
        return False
    change.journal["state"] = "confirm"
    change.save()
    change.finish()
    return True


def rollback(mounts, reason):
    change = Old(mounts)
    if change.journal is None or change.journal["state"] != "trial":
        return False
    return change.roll_back(reason)


def sha1_of(path):
    digest = hashlib.sha1()
    pump(path, digest.update)
    return hexlify(digest)


def read(path):
    if not stat(path):
        return None
    with open(path, "rb") as file:
        lines = file.read().split(b"\n")
    if len(lines) < 2 or lines[1] != hexlify(hashlib.sha1(lines[0])).encode():
        return None
    return json.loads(lines[0])


def tidy(path, copies, levels):
    """Removes what lies beside a file, and the directories above one that has gone."""
    for beside in (path + ".bak", path + ".new"):
        remove(beside)
        clear(beside, 0, copies)
    clear(path, levels, copies)


class Old:
    def __init__(self, mounts):
        self.mounts = mounts
        self.home = mounts["flash"] + "/" + HOME
        self.journal = read(self.home + "/journal")
        newer = read(self.home + "/journal.new")
        if newer and (self.journal is None or newer["seq"] > self.journal["seq"]):
            self.journal = newer
        self.firmware = None
        if self.journal and self.journal["firmware"]:
            from airwaybill_boot.firmware import Firmware

            self.firmware = Firmware(self.journal["firmware"])
            self.firmware.keep("new")

    def save(self):
        self.journal["seq"] += 1
        try:
            self.write("journal", self.journal)
        except OSError as error:
            if error.args[0] != ENOSPC:
                raise
            remove(self.home + "/spare")
            self.write("journal", self.journal)
            keep_spare(self.mounts["flash"], self.journal["spare"])

    def write(self, name, record):
        """As the first edition does, which may be the one that reads it."""
        text = json.dumps(record)
        path = self.home + "/" + name
        with open(path + ".new", "w") as file:
            file.write("%s\n%s\n" % (text, hexlify(hashlib.sha1(text.encode()))))
        put(path + ".new", path, bool(stat(self.mounts["flash"] + "/" + HOME.upper())))

    def entries(self, kinds):
        """(kind, path, whether it is copied, the root of its mount). An error at the end where a mount is away: then
        the change is not at its end."""
        if not stat(self.home + "/plan"):  # it has come to its end
            return
        away = None
        there = [name for name in self.mounts if is_mounted(self.mounts, name)]
        with open(self.home + "/plan") as file:
            for line in file:
                if line[0] in kinds:
                    base.feed()
                    path = line[:-1].split(" ", 3)[3]
                    name = path[: path.find("/")]
                    if name in there:
                        root = self.mounts[name]
                        yield line[0], root + path[len(name) :], name in self.journal["copies"], root
                    else:
                        away = name
        if away:
            raise OSError(ENODEV, away)

    def forward(self):
        if sha1_of(self.home + "/plan") != self.journal["plan"]:
            return self.roll_back("plan_damaged")
        try:
            if self.journal["state"] == "backup":
                for _, path, copies, _ in self.entries("RD"):
                    if copies:
                        copy(path, path + ".bak")
                self.journal["state"] = "install"
                self.save()
            for kind, path, copies, _ in self.entries("AR"):
                if stat(path + ".new"):
                    if kind == "R" and not copies:
                        copy(path, path + ".bak")
                    put(path + ".new", path, copies)
            for _, path, copies, _ in self.entries("D"):
                if copies:
                    remove(path)
                elif stat(path):
                    os.rename(path, path + ".bak")
            if self.firmware and not self.firmware.runs("new"):
                self.firmware.switch("new")
        except OSError as error:
            return self.roll_back(error_text(error))
        self.write_version(self.journal["to"])
        self.journal["state"] = "trial"
        self.save()
        return True

    def write_version(self, text):
        with open(self.home + "/version", "w") as file:
            file.write(text)

    def roll_back(self, reason):
        self.journal["untouched"] = self.journal["state"] == "backup"
        self.journal["state"] = "rollback"
        self.journal["reason"] = reason
        # As the first edition has it: its client may be the one to end this, and is the one to refuse the release.
        firmware = self.journal["firmware"]
        self.journal["failed"] = [self.journal["to"].split("\n")[0], firmware and firmware["version"], TRIES]
        self.journal["refuse"] = True
        try:
            self.save()
        except OSError as error:
            if error.args[0] != ENOSPC:
                raise
        return self.take_back()

    def take_back(self):
        """The old client comes back before anything of the new one goes: should the power go in between, one of them
        is whole."""
        remove(self.home + "/spare")
        for kinds in ("RD", "A"):
            for kind, path, copies, root in self.entries(kinds):
                if not self.journal["untouched"]:
                    self.restore(kind, path, copies)
                tidy(path, copies, path[len(root) :].count("/") - 1)
        if self.firmware and not self.firmware.runs("old"):
            try:
                self.firmware.switch("old")
            except Exception as error:  # the old files have to do with the new firmware
                self.journal["reason"] += "; the firmware stays: " + error_text(error)
        if self.journal["from"] is None:
            remove(self.home + "/version")
        else:
            self.write_version(self.journal["from"])
        report = {"error": self.journal["reason"], "failed": self.journal["failed"], "refused": None, "firmware": None}
        if self.journal["refuse"]:
            report["refused"], report["firmware"], _ = self.journal["failed"]
        self.write("report", report)
        return self.end() or True

    def restore(self, kind, path, copies):
        if kind != "D" and not copies and stat(path + ".new"):
            return  # not installed yet, and its backup may be half a file
        if kind == "A":
            remove(path)
        elif stat(path + ".bak"):
            put(path + ".bak", path, copies)

    def finish(self):
        for kind, path, copies, root in self.entries("ARD"):
            tidy(path, copies, path[len(root) :].count("/") - 1 if kind == "D" else 0)
        remove(self.home + "/report")
        return self.end()

    def end(self):
        for name in ("spare", "plan", "version.new", "report.new", "journal.new", "journal"):
            remove(self.home + "/" + name)
        return False
