"""The change of a release that is under way."""

# The journal is a record in two files that are written in turn. Its `state`:
# `install` (nothing has changed yet), `placing`, `trial`, `back`, `confirm`.
#
# The plan is text: `airwaybill plan 1`, a line of JSON (`head`), then `kind number levels size sha256 path` for each
# file, with the kinds A(dd), R(eplace), D(elete), X (a directory that goes) and B(oot: put in place by confirm()), and
# at last `= sha256`. File `number` lies on its own mount as waybill/ID/SHARD/nNUMBER before it is placed, and what it
# replaces as oNUMBER. `levels` is how many of the directories above it come, or go, with it.

import sys

from . import HOME, again, os
from .files import ENOSPC, remove, write_record

base = sys.modules[__name__[: __name__.rfind(".")]]

PLAN = "airwaybill plan 1\n"
EPERM, ENOENT, ENODEV = 1, 2, 19
# What a failure weighs; a release is refused from REFUSED on.
FAILED, STARTS, REFUSED = 2, 3, 6


class Change:
    # Its journal says how far it is, its plan what it is about.

    def __init__(self, mounts):
        self.mounts = mounts
        self.home = mounts["flash"] + "/" + HOME
        self.journal = None
        self.head = None  # of the plan; None without one
        self.plan = None  # its path
        self.error = None
        self.failing = []  # mounts that are taken for ones that are away

    def load(self):
        # Whether there is a change under way.
        return base.once("loading", "load", self)

    def start_journal(self, plan, identity, state):
        # `plan` is its SHA-256, `identity` the name of the directories in which its files are staged.
        self.journal = {
            "seq": 0,
            "state": state,
            "plan": plan,
            "id": identity,
            "begun": state == "back",
            "placed": False,
            "starts": 0,
            "wakes": 0,
            "tries": 0,
            "switched": 0,
            "sleeps": False,
            "kept": False,
            "reason": None,
            "weight": 0,
        }

    def staging(self, name):
        return "%s/%s/%s" % (self.mounts[name], HOME, self.journal["id"])

    def is_mounted(self, name):
        root = self.mounts.get(name)
        flash = self.mounts["flash"]
        if root is None or root == flash or name in self.failing:
            return root is not None and root == flash
        try:
            if flash:
                os.stat(root)
                return True
            # Flash at /: without a card, /sd may be a directory of it. A rename is never across two file systems.
            os.rename(root + "/" + HOME + "-probe", "/" + HOME + "-probe")
        except OSError as error:
            return not flash and error.args[0] == EPERM
        return False

    def missing(self):
        return [name for name in self.head["mounts"] if not self.is_mounted(name)]

    def enter(self, state):
        # The next state, in both files: should one be damaged, the other says the same.
        self.journal["state"] = state
        self.save()
        self.save()

    def save(self):
        self.journal["seq"] += 1
        path = "%s/journal%d" % (self.home, self.journal["seq"] % 2)
        try:
            again(lambda: write_record(path, self.journal))
        except OSError as error:
            if error.args[0] != ENOSPC:
                raise
            self.spend()
            write_record(path, self.journal)

    def settle(self, name):
        # Before one asks whether a file waits: on littlefs a rename from one directory to another that was cut short,
        # or failed, hides the file after it in the first of the two, until something is written.
        if not self.head["mounts"][name]:
            path = "%s/%s/settle" % (self.mounts[name], HOME)
            open(path, "w").close()
            remove(path)

    def spend(self):
        for name in self.mounts:
            try:
                if self.is_mounted(name):
                    remove("%s/%s/spare" % (self.mounts[name], HOME))
            except OSError:  # should the room be needed, then writing fails
                pass

    def roll_back(self, reason, weight):
        return base.once("back", "roll_back", self, reason, weight)


def firmware_of(head):
    return base.part("firmware").Firmware(head["firmware"])


END = True
