"""Starts a board from the image of a bad round: micropython -X heapsize=32M start.py DIRECTORY

DIRECTORY is what `device_model.py --replay … --export DIRECTORY` has written. Prints how the start ended, what the
client says, and the files that are then there.
"""

import json
import sys
import vfs

sys.path.insert(0, __file__.rsplit("/", 1)[0])

from boards import Board
from clients import EDITIONS
from judge import walk


def main(directory):
    with open(directory + "/round.json") as file:
        found = json.load(file)
    client = EDITIONS[found["edition"]](directory + "/client")
    board = Board(found["kind"], found["firmware"], found["blocks"], found["progsize"], found["root"], found["card"])
    contents = {}
    for name in board.chips:
        with open("%s/%s.img" % (directory, name), "rb") as file:
            contents[name] = file.read()
    board.replaces = client.replaces
    vfs.umount("/")
    board.load((contents, found["running"]))
    board.start()
    print("boot.py:", board.error or "ran through")
    print("status:", client.status())
    for path, data in sorted(walk(client, board)[0].items()):
        print("%7d %s" % (len(data), path))


main(*sys.argv[1:])
