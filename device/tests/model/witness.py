"""What a device shows after an action: wholly one release, and saying so; with a watchdog that was fed in time."""

import sys

from boards import Loop

FEED_MS = 1000  # D17


class Bad(Exception):
    pass


class Witness:
    """`kept` is what no update changes, by device path; `delivered` the firmware that the board came with."""

    def __init__(self, board, client, judge, server, features, trace):
        self._board = board
        self._client = client
        self._judge = judge
        self._server = server
        self._features = features
        self._trace = trace
        self.kept = {}
        self.delivered = None
        self.checks = 0
        self.early = False  # confirm() took a release that had not started

    def attempt(self, action):
        """Runs to the end or to the start after a reset. Returns the error's text, or None."""
        try:
            self._board.run(action)
            if self.early:
                raise Bad("confirm() before the release has started")
        except Loop as error:
            raise Bad(str(error))
        except Bad:
            raise
        except Exception as error:
            bare = getattr(error, "code", None) is None
            if bare and not (self._client.bare and isinstance(error, (OSError, ImportError))):
                raise self._bad("a bare exception: " + text_of(error), error)
            return text_of(error)

    def status(self):
        try:
            return self._client.status()
        except Exception as error:
            raise self._bad("status(): " + text_of(error), error)

    def _bad(self, text, error):
        if self._trace:
            sys.print_exception(error)
        return Bad(text)

    def version(self):
        return self.status()["version"]

    def state(self):
        return self.status()["state"]

    def reported(self):
        return self.status()["error"]

    def check(self, releases, ended, mounts=("flash", "sd")):
        """The device has started: it is wholly one of these releases, and says which."""
        board = self._board
        self.checks += 1
        if board.error:
            # A boot.py that is no Python leaves the board as it is.
            if not (isinstance(board.error, SyntaxError) and "boot" in self._features):
                raise Bad("boot.py: " + text_of(board.error))
            mounts = ("flash",)  # boot.py mounts the card
        unfed = board.watchdog.take()
        if unfed > FEED_MS and not self._client.bare:
            raise Bad("%d ms without a feed" % unfed)
        version = self.version()
        release = [one for one in releases if one.version == version]
        if not release:
            raise Bad("version %s" % version)
        release = release[0]
        tree = dict(release.tree)
        tree.update(self.kept)
        image = self._server.image(release) if board.writes_firmware else self.delivered
        wrong = self._judge.wrong(tree, image, ended, mounts)
        if wrong:
            raise Bad("%s %s (%s)" % ("ended" if ended else "is", wrong, version))


def text_of(error):
    text = str(error)
    return text if getattr(error, "code", None) else "%s %s" % (type(error).__name__, text)
