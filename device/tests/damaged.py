"""A flash that has lost the plan of a change: micropython damaged.py CLIENT OLD_CLIENT NEW_CLIENT

Prints for each file system, state and damage what is wrong then; nothing should be.
"""

import json
import os
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import sim
from cuts import Proof, difference, releases

PLAN = "/flash/waybill/plan"
INSTALLED = 5  # changes before the power goes


def rubbish():
    with open(PLAN, "r+b") as file:
        file.seek(100)
        file.write(b"?")


def gone():
    os.remove(PLAN)


def interrupted(proof):
    """Power off within the install, and on again."""
    from OTA import OTA

    install = OTA._install
    left = [INSTALLED]

    def some(self, kind, path, copies):
        if not left[0]:
            raise sim.Restart
        left[0] -= 1
        install(self, kind, path, copies)

    OTA._install = some
    proof.target = "1.0.1"
    try:
        proof.transport().update()
    except sim.Restart:
        return
    raise AssertionError("the install was not interrupted")


def case(proof, state, damage):
    board = proof.board
    proof.fresh()
    board.power_on()
    if state == "install":
        interrupted(proof)
        damage()
    else:
        proof.update("1.0.1")
        damage()
        if state == "confirmed":
            proof.confirm()
            return proof.leftovers("1.0.1")
        for _ in range(3):
            board.power_on()
    board.power_on()
    status = proof.transport().status()
    if (status["version"], status["state"]) != ("1.0.0", "rolled back") or "plan_damaged" not in status["error"]:
        return status
    tree = sim.read_tree()
    wanted = proof.expected("1.0.0")
    for path in list(tree):
        if path not in wanted and path in proof.trees["1.0.1"]:
            del tree[path]  # came anew: without the plan, nothing tells
    wrong = difference(tree, wanted) or proof.finish()
    # As above, and 1.0.2 does not know of it.
    return None if wrong == "confirmed 1.0.2 has flash/lib/empty.py" else wrong


sim.install_fakes()
found = {}
for kind in ("littlefs", "FAT"):
    for state in ("install", "confirmed", "not confirmed"):
        for damage in (rubbish, gone):
            proof = Proof(kind, releases(*sys.argv[2:4]), 1)
            found["%s, %s, %s" % (kind, state, damage.__name__)] = case(proof, state, damage)
            proof.board.unmount()
print(json.dumps(found))
