"""A release on trial that fills the flash: micropython full.py CLIENT OLD_CLIENT NEW_CLIENT."""

import json
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import sim
from cuts import Proof, difference, releases


def fill(name):
    """All of the flash, to the last byte."""
    for size in (512, 1):
        try:
            with open("/flash/%s%d.txt" % (name, size), "wb") as file:
                while True:
                    file.write(b"x" * size)
                    file.flush()
        except OSError:
            pass


def trial(kind, each_start):
    proof = Proof(kind, releases(*sys.argv[2:4]), 1)
    board = proof.board
    proof.fresh()
    board.power_on()
    proof.update("1.0.1")
    fill("log")
    for number in range(4):
        if proof.transport().version == "1.0.1" and each_start:
            fill("more%d" % number)
        board.power_on()
    status = proof.transport().status()
    tree = sim.read_tree()
    for path in list(tree):
        if path.startswith(("flash/log", "flash/more")):
            del tree[path]
    wrong = difference(tree, proof.expected("1.0.0"))
    board.unmount()
    return [kind, each_start, status["version"], status["state"], status["refused"], wrong]


sim.install_fakes()
print(json.dumps([trial(kind, each) for kind in ("littlefs", "FAT") for each in (False, True)]))
