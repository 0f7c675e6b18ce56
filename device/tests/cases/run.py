"""One case: micropython run.py CLIENT EDITION NUMBER KIND [PORT]. Prints what came of it as JSON.

CLIENT is a directory as `device_model.build` makes it, EDITION one of model/clients.EDITIONS, KIND the flash's file
system, PORT that of a server.
"""

import gc
import json
import sys
import vfs

HERE = __file__.rsplit("/", 1)[0]
sys.path.insert(0, HERE)
sys.path.insert(0, HERE.rsplit("/", 1)[0] + "/model")

import cards
import faults
import names
import net
import rooms
import trials
from clients import EDITIONS


def main(directory, edition, number, kind, *more):
    client = EDITIONS[edition](directory)
    with open(directory + "/../who.mpy", "rb") as file:
        client.compiled = file.read()
    for topic in (cards, faults, names, net, rooms, trials):
        case = getattr(topic, "case_" + number, None)
        if case:
            # Without the file system of this machine at /: what finds no card at /sd is not to find that.
            vfs.umount("/")
            try:
                found = case(client, kind, *more)
            finally:
                vfs.mount(vfs.VfsPosix(), "/")
            print(json.dumps(found))


gc.threshold(4000000)
main(*sys.argv[1:])
