"""A plan that cannot be read for a moment: micropython unread.py CLIENT OLD_CLIENT NEW_CLIENT

Prints what is wrong in `confirm()` and at a start within the install, when a read fails and when the application's
`feed` does; and in `confirm()` when the file system finds the plan damaged, which does not pass.
"""

import json
import os
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import sim
from cuts import Proof, releases

EIO = 5


def fail(code):
    def failing(*_):
        raise OSError(code)

    return failing


def broken_read(code=EIO):
    sys.modules["OTA"].pump = fail(code)


def broken_feed():
    sys.modules["OTA"].OTA.feed = fail(2)  # ENOENT, as if it were the plan


def attempt(break_it, image, action):
    """The action fails, and has written nothing."""
    board.restore(image)
    board.unmount()
    board.mount()
    os.mount(board.devices["sd"], "/sd")
    for name in list(sys.modules):
        if name == "OTA":
            del sys.modules[name]
    __import__("OTA")
    break_it()
    try:
        action()
    except OSError:
        return None if board.snapshot() == image else "has written"
    return "no error"


def start():
    sys.modules["OTA"].OTA()._start()


def within(log):
    """The first cut that leaves half of the release installed."""
    for _ in proof.cuts(old, log, False):
        board.unmount()
        board.mount()
        if sys.modules["OTA"].exists("/flash/main.py.bak"):
            return board.snapshot()


sim.install_fakes()
proof = Proof("littlefs", releases(*sys.argv[2:4]), 1)
board = proof.board
proof.fresh()
old = board.snapshot()
board.power_on()
update = proof.record(lambda: proof.update("1.0.1"))
trial = board.snapshot()
half = within(update)
found = {}
for name, break_it in (("read", broken_read), ("feed", broken_feed)):
    wrong = attempt(break_it, trial, proof.confirm)
    board.power_on()
    proof.confirm()
    found[name] = [wrong or proof.leftovers("1.0.1")]
    wrong = attempt(break_it, half, start)
    board.power_on()
    proof.confirm()
    found[name].append(wrong or proof.leftovers("1.0.1"))
found["damaged"] = attempt(lambda: broken_read(84), trial, proof.confirm) == "no error" and proof.leftovers("1.0.1")
print(json.dumps(found))
