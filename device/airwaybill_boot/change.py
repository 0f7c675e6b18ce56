"""The change of a release that is under way."""

# The journal is a record in two files that are written in turn. Its `state`:
# `install` (nothing has changed yet), `placing`, `trial`, `back`, `confirm`.
#
# The plan is text: `airwaybill plan 1`, a line of JSON (`head`), then `kind number levels size sha256 path` for each
# file, with the kinds A(dd), R(eplace), D(elete), X (a directory that goes) and B(oot: put in place by confirm()), and
# at last `= sha256`. File `number` lies on its own mount as waybill/ID/SHARD/nNUMBER before it is placed, and what it
# replaces as oNUMBER. `levels` is how many of the directories above it come, or go, with it.

from . import HOME, again, once, part
from .files import ENOSPC, write_record


class Change:
    # Its journal says how far it is, its plan what it is about.

    def __init__(self, mounts):
        self.mounts = mounts
        self.home = mounts["flash"] + "/" + HOME
        self.journal = None
        self.head = None  # of the plan; None without one
        self.plan = None  # its path
        self.error = None

    def load(self):
        # Whether there is a change under way.
        return once("loading", "load", self)

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
            once("mounts", "spend", self.mounts)
            write_record(path, self.journal)

    def roll_back(self, reason, weight):
        return once("back", "roll_back", self, reason, weight)


def firmware_of(head):
    return part("firmware").Firmware(head["firmware"])


END = True
