"""A flash that has lost the plan of a change: micropython damaged.py CLIENT OLD_CLIENT NEW_CLIENT FILESYSTEM STEP

The power goes at each block write of the install, the plan is lost, and the power goes again at one in STEP of the
writes of the way back. Prints how many cuts it made and what is wrong after which; nothing should be.
"""

import gc
import json
import os
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import sim
from cuts import Proof, difference, releases

PLAN = "/flash/waybill/plan"


def rubbish():
    with open(PLAN, "r+b") as file:
        file.seek(100)
        file.write(b"?")


def gone():
    os.remove(PLAN)


def mount(board):
    board.unmount()
    board.mount()
    os.mount(board.devices["sd"], "/sd")


def difference_to(proof, version):
    """Without the plan nothing tells of what came anew, nor of what a cut in tidying up leaves: an empty directory, or
    on FAT a .new or .bak under its short name."""
    tree = sim.read_tree()
    wanted = proof.expected(version)
    for path in list(tree):
        if path not in wanted and (path in proof.trees["1.0.1"] or path.endswith(("/", "~1.NEW", "~1.BAK"))):
            del tree[path]
    return difference(tree, wanted)


def rolled_back(proof):
    """The board has started. What is not as in 1.0.0, or does not say so."""
    status = proof.transport().status()
    if (status["version"], status["state"]) != ("1.0.0", "rolled back") or "plan_damaged" not in status["error"]:
        return status
    return difference_to(proof, "1.0.0")


def goes_on(proof):
    wrong = rolled_back(proof)
    if wrong:
        return wrong
    proof.update("1.0.2")
    return difference_to(proof, "1.0.2") if proof.confirm() else "no trial"


def kept(proof):
    proof.confirm()
    own = os.listdir("/flash/waybill")
    return own if own != ["version"] else difference_to(proof, "1.0.1")


def installs(proof, log, start):
    """Each cut between the journal and the trial, mounted."""
    for _ in proof.cuts(start, log, False):
        mount(proof.board)
        journal = proof.transport().load()
        if journal and journal["state"] != "trial":
            yield


class Cuts:
    """Makes one of `step` cuts in the way back, and counts what is wrong after any."""

    def __init__(self, proof, step):
        self.proof = proof
        self.step = step
        self.pairs = 0
        self.made = 0
        self.wrong = []

    def judge(self, label, judge):
        self.made += 1
        wrong = judge(self.proof)
        if wrong:
            self.wrong.append([label, wrong])
        gc.collect()

    def prove(self, label, damage, action, judge):
        """The plan is lost on the board as it is now mounted; then `action`, cut and started again."""
        damage()
        board = self.proof.board
        image = board.snapshot()
        log = self.proof.record(action)
        self.judge(label, judge)
        for at, _ in enumerate(self.proof.cuts(image, log, False)):
            self.pairs += 1
            if self.pairs % self.step == 0:
                board.power_on()
                self.judge("%s, %d of %d" % (label, at + 1, len(log)), judge)


sim.install_fakes()
kind, step = sys.argv[4], int(sys.argv[5])
proof = Proof(kind, releases(*sys.argv[2:4]), 1)
board = proof.board
cuts = Cuts(proof, step)
proof.fresh()
old = board.snapshot()
board.power_on()
update = proof.record(lambda: proof.update("1.0.1"))
trial = board.snapshot()
board.power_on()
board.power_on()
last = board.snapshot()
for damage in (rubbish, gone):
    for number, _ in enumerate(installs(proof, update, old)):
        cuts.prove("%s, install %d" % (damage.__name__, number + 1), damage, board.power_on, rolled_back)
    for name, image, action, judge in (
        ("not confirmed", last, board.power_on, goes_on),
        ("confirmed", trial, proof.confirm, kept),
    ):
        board.restore(image)
        mount(board)
        cuts.prove("%s, %s" % (damage.__name__, name), damage, action, judge)
print(json.dumps([cuts.made, cuts.wrong]))
