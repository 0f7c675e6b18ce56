"""Rounds of the model: micropython tester.py EDITION DIRECTORY FILESYSTEM FEATURES FIRST ROUNDS [EXPORT]

EDITION is one of clients.EDITIONS, DIRECTORY has the client's files and beside it `compiled`, the same as .mpy files
alone, and `who.mpy`. FEATURES is a list with commas, or `all`: then each round has some of them. Prints a line for each
round that is bad, and one at the end, each JSON after an `@`. With EXPORT, a directory, the image before the last start
of a bad round goes there.
"""

import gc
import json
import sys
import vfs

sys.path.insert(0, __file__.rsplit("/", 1)[0])

from clients import EDITIONS
from features import choose
from boards import Loop
from story import Round
from witness import Bad


# One of so many rounds has the client as it is delivered, with its recovery as source, and a garbage collection
# wherever it asks for one. To compile and to collect at each start and step of it takes most of a round's time, so the
# others are without. Where a round changes which .mpy files the firmware reads, the recovery has to be source.
DELIVERED = 8


def alone(run):
    """`run()` without the file system of this machine at /: what finds no card at /sd is not to find that."""
    vfs.umount("/")
    try:
        run()
    finally:
        vfs.mount(vfs.VfsPosix(), "/")


def export(directory, board, found):
    """The image before the last start, and what it takes to start it again."""
    contents, found["running"] = board.before
    for name, data in contents.items():
        with open("%s/%s.img" % (directory, name), "wb") as file:
            file.write(data)
    flash = board.chips["flash"]
    found["blocks"] = len(flash.data) // flash.block_size
    found["progsize"] = board.progsize
    found["root"] = board.root
    found["card"] = board.card
    with open(directory + "/round.json", "w") as file:
        json.dump(found, file)


def main(edition, directory, kind, names, first, rounds, exports=None):
    source, compiled = [EDITIONS[edition](directory + path) for path in ("", "/../compiled")]
    with open(directory + "/../who.mpy", "rb") as file:
        who = file.read()
    totals = {"rounds": 0, "updates": 0, "starts": 0, "cuts": 0, "lost": 0, "faults": 0, "checks": 0, "bad": 0}
    for seed in range(int(first), int(first) + int(rounds)):
        features = choose(names, seed)
        as_delivered = seed % DELIVERED == 0
        changes = "mpy" in features and "single" not in features
        client = source if as_delivered or changes else compiled
        one = Round(client, kind, seed, features, who, as_delivered, exports)
        wrong = None
        try:
            alone(one.run)
        except (Bad, Loop) as error:
            wrong = str(error)
        except Exception as error:  # a file system that cannot be read any more
            sys.print_exception(error)
            wrong = "raised %s %s" % (type(error).__name__, error)
        if wrong:
            totals["bad"] += 1
            found = {"seed": seed, "kind": kind, "features": ",".join(features), "firmware": one.board.firmware_kind}
            found.update({"step": one.where, "fault": one.harm.done, "wrong": wrong})
            if exports:
                export(exports, one.board, found)
            print("@" + json.dumps(found))
        totals["rounds"] += 1
        totals["updates"] += one.updates
        totals["starts"] += one.board.starts
        totals["cuts"] += one.harm.cuts
        totals["lost"] += one.harm.lost
        totals["faults"] += one.harm.faults
        totals["checks"] += one.witness.checks
        gc.collect()
    print("@" + json.dumps(totals))


if __name__ == "__main__":
    gc.threshold(4000000)
    main(*sys.argv[1:])
