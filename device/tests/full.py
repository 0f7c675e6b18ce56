"""A release on trial that fills flash and card: micropython full.py CLIENT OLD_CLIENT NEW_CLIENT."""

import json
import sys

sys.path[:0] = [__file__.rsplit("/", 1)[0] + below for below in ("", "/model")]

import boards
from cuts import Cuts
from tree import difference

boards.SIMULATOR += ("full",)


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
    proof = Cuts(kind, *sys.argv[2:4], 1)
    board = proof.board
    proof.fresh()
    board.start()
    proof.update("1.0.1")
    fill("log")
    for number in range(4):
        if proof.ota().version == "1.0.1" and each_start:
            fill("more%d" % number)
        board.start()
    status = proof.ota().status()
    tree = {
        path: data for path, data in proof.found().items() if path.split("/")[1][:4] not in ("log5", "log1", "more")
    }
    wrong = difference(tree, proof.expected("1.0.0", True))
    board.power_off()
    return [kind, each_start, status["version"], status["state"], wrong]


print(json.dumps([trial(kind, each) for kind in ("littlefs", "FAT") for each in (False, True)]))
