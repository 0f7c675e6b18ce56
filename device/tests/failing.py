"""A flash that fails in the install and in the way back: micropython failing.py CLIENT OLD_CLIENT NEW_CLIENT."""

import json
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import sim
from cuts import Proof, releases

sim.install_fakes()
proof = Proof("littlefs", releases(*sys.argv[2:4]), 1)
board = proof.board
proof.fresh()
board.power_on()

from OTA import OTA  # noqa: E402


def fail(*_):
    raise OSError(5)


OTA._install = OTA._restore = fail
proof.target = "1.0.1"
try:
    proof.transport().update()
    result = "no error"
except sim.Restart:
    result = "restarted"
except Exception as error:
    result = repr(error)
board.power_on()
print(json.dumps([result, proof.judge(), proof.transport().status()["version"]]))
