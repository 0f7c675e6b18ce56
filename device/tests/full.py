"""A release on trial that fills flash and card: micropython full.py CLIENT OLD_CLIENT NEW_CLIENT."""

import json
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import sim
from cuts import Proof, difference, releases


def fill(name):
    """All of both, to the last byte."""
    for mount in ("flash", "sd"):
        for size in (512, 1):
            try:
                with open("/%s/%s%d.txt" % (mount, name, size), "wb") as file:
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
    tree = {
        path: data for path, data in proof.found().items() if path.split("/")[1][:4] not in ("log5", "log1", "more")
    }
    wrong = difference(tree, proof.expected("1.0.0", True))
    board.unmount()
    return [kind, each_start, status["version"], status["state"], wrong]


sim.install_fakes()
print(json.dumps([trial(kind, each) for kind in ("littlefs", "FAT") for each in (False, True)]))
