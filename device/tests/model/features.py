"""What may be in a round, each of it a switch."""

import random

FEATURES = {
    "cut": "the power goes at any write, up to three times in a row",
    "torn": "and in the middle of one",
    "read": "EIO at any read, once or for a while",
    "write": "EIO at any write or erase; on littlefs until the next start",
    "link": "connections die after some bytes, or none comes",
    "fill": "the application fills each mount in a trial",
    "full": "little room is left when an update comes",
    "own": "it makes .new and .bak files, directories, files in those of the release",
    "hold": "it has files open during an update",
    "pc": "a name on the card that is no UTF-8, as a PC writes it",
    "short": "a user's names on the card that look like short names",
    "hide": "a directory of the release hides a module of the user's",
    "damage": "one byte of the journal is damaged in a cut",
    "spoil": "one byte of a file that waits to be put in place is damaged in a cut",
    "early": "confirm() before the release has started",
    "again": "a bad release comes again under its name, mended",
    "clash": "two names that are one on FAT",
    "card": "the card is taken out in a trial, or another is put in, and comes back",
    "second": "littlefs in place of the card's FAT",
    "dead": "the card fails for ever from somewhere on: all of it, or all but the directory at its root",
    "resume": "the link dies for good in each call of update(), and each call brings some more",
    "firmware": "images, with the boot loader's model",
    "single": "a board that cannot write its firmware is offered some",
    "patch": "the server has patches, of files and images",
    "rot": "a write to an app partition arrives with a bit changed",
    "mpy": "firmware that reads other .mpy files than the one before",
    "boot": "a boot.py that is no Python",
    "gone": "the server has forgotten the release before, or does not know who asks",
    "root": "the flash is mounted at /",
    "starts": "wakes from deep sleep, soft resets of a tool, watchdogs",
    "swap": "a module becomes a package, and back",
    "conflict": "a file becomes a directory, and back",
    "case": "names that change their case",
    "long": "names of 255 bytes",
    "names": "files of a release that end in .new and .bak",
    "large": "a file that is not copied in a second",
    "dirs": "many directories, with littlefs's count of them",
    "shadow": "a release with a module named as one of MicroPython's",
}
SHARE = 0.35  # of them, in a round of `all`


def choose(names, seed):
    """The features of the round `seed`: those in a list with commas, or with `all` some of all."""
    if names == "all":
        random.seed(seed * 7919 + 1)
        return tuple([name for name in sorted(FEATURES) if random.random() < SHARE])
    chosen = tuple(names.split(",")) if names else ()
    for name in chosen:
        if name not in FEATURES:
            raise ValueError("no feature " + name)
    return chosen
