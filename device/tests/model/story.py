"""One round: a device, a chain of random releases, and what goes wrong on the way: see features.py."""

import gc
import os
import random
import sys

from application import CONFIG, Application
from boards import POWER, RESET, SOFT, WAKE, WATCHDOG, Board, Loop
from clients import Link
from judge import Judge, files_below
from releases import Maker, Server

SMALL = 140  # blocks of a littlefs on which its double count of directories says that little is free
UPDATES = 3
BRANCHES = 3  # cuts of one action
ERRORS = 2  # errors in one, each of which takes it again
NESTED = 3
TRIES = 4


class Bad(Exception):
    pass


def chance(share):
    return random.random() < share


class Round:
    def __init__(self, client, kind, seed, features, compiled, trace=None):
        random.seed(seed)
        self.seed = seed
        self.client = client
        self.features = features
        self.trace = trace
        firmware = "rp2040"
        if "firmware" in features or "mpy" in features or "rot" in features:
            firmware = random.choice(("esp32", "esp32", "esp32, no rollback", "pycom"))
        if "single" in features:
            firmware = random.choice(("esp32, one app", "rp2040"))
        blocks = SMALL if "dirs" in features and kind == "littlefs" else None
        root = "" if "root" in features else "/flash"
        self.board = Board(kind, firmware, blocks, 32 if chance(0.2) else 256, root)
        self.board.replaces = client.replaces
        self.application = Application(self.board, features)
        self.judge = Judge(client, self.board, self.application)
        self.writes_firmware = firmware not in ("esp32, one app", "rp2040")
        self.maker = Maker(client, features, compiled, self.writes_firmware or "single" in features)
        self.server = Server()
        self.server.sizes = chance(0.8)
        self.server.forgets = "gone" in features
        self.server.static = "gone" in features and chance(0.3)
        self.checks = 0
        self.updates = 0
        self.states = 0
        self.kept = {}
        self.where = "delivery"
        self.faulted = None

    # The chain

    def run(self):
        """Raises Bad with what is wrong first."""
        try:
            self._run()
        finally:
            self.board.power_off()

    def _run(self):
        old = self._deliver()
        for number in range(UPDATES):
            new = self.maker.next(old)
            self.where = "update %d" % (number + 1)
            old = self._update(old, new)
            self.updates += 1
            gc.collect()

    def _deliver(self):
        board = self.board
        release = self.maker.next()
        release.good = True
        board.format()
        self.delivered = image = self.server.image(release)
        board.chips["ota_0"].data[: len(image)] = image
        delivery = self.application.deliver()
        next(delivery)
        board.mount_all()
        self._write(release.tree)
        self._write(self.client.delivered(release))
        for path in self.client.protected(board.kind):
            self.kept[path] = release.tree[path]
        for _ in delivery:
            pass
        self.server.offer(release)
        board.start()
        self._check((release,), True)
        return release

    def _write(self, tree):
        for path, data in tree.items():
            at = path.find("/", path.find("/") + 1)
            while at > 0:
                try:
                    os.mkdir(self.board.real(path[:at]))
                except OSError:
                    pass
                at = path.find("/", at + 1)
            with open(self.board.real(path), "wb") as file:
                file.write(data)

    def _update(self, old, new):
        """From `old` to `new` and its end. Returns the release that the device then is on."""
        self.each = None  # what a connection brings
        self.disturbed = False  # whether it goes on from where a fault has left it
        self.application.work()
        self.server.offer(new)
        if "hold" in self.features:
            self.application.hold()
        if self.judge.clash(new.tree):
            return self._refused(old, "path_case", "path_conflict" if self._hides(new) else "path_case")
        full = "full" in self.features and chance(0.5)
        if full:
            self.application.fill(random.choice((1, 10000, 40000, 100000)))
        outcome = self._act("update", self._fetch, (old, new))
        self.application.drop()
        self.board.log.rot = 0
        if full:
            right = ("space", "link", "OSError") if self.client.bare else ("space", "link")
            if not self.faulted and outcome and not outcome.startswith(right):
                raise Bad("%s instead of space" % outcome)
            self.application.empty()
            outcome = outcome and "full"
        for _ in range(TRIES):
            if self._version() == new.version:
                break
            code = self._rightly_refused(new, outcome)
            if code == "space":  # what the refusal has given up may be room enough the next time
                self.board.start()
                self._check((old,), True)
                return old
            if code:
                return self._refused(old, code)
            if outcome is None and self._reported() is None:
                raise Bad("update() ended, and the device is on " + str(self._version()))
            outcome = self._plainly("again", lambda: self.client.update(self.server, Link(self.each), True, True))
        else:
            raise Bad("not installed: %s, %s" % (outcome, self._reported()))
        self._check((old, new), False)
        end = self._good if new.good else self._bad
        return end(old, new)

    def _rightly_refused(self, new, outcome):
        """The code of a refusal that is as right as an installation, or None."""
        code = (outcome or "").split(":")[0]
        if code == "path_case" and "case" in self.features:
            return code
        if code == "path_conflict" and self._hides(new):
            return code
        if code == "space" and self._is_short(outcome):
            return code
        return None

    def _hides(self, new):
        """Whether a directory of the release hides a module of the user's."""
        return "flash/config/defaults.json" in new.tree and CONFIG in self.application.files

    def _is_short(self, outcome):
        """Whether there is hardly more room than the client says that it needs, tried by writing."""
        words = outcome.split()
        if "needs" not in words:  # a write found it full
            return True
        at = words.index("needs")
        mount, need = words[at - 1], int(words[at + 1]) * int(words[at + 4])
        image, own = self.board.save(), self.application.save()
        free = self.application.room(mount)
        self.application.load(own)
        self.board.load(image)
        self._mount()
        # The client keeps some of it for the journal, and its figure may be off by some blocks.
        return free < need * 5 // 4 + 8 * 4096

    def _refused(self, old, *codes):
        outcome = self._act("update", self._fetch, (old,))
        if not self.faulted:
            if outcome is None or outcome.startswith("link"):
                outcome = self._plainly("again", lambda: self.client.update(self.server, Link()))
            if not (outcome or "").startswith(codes):
                raise Bad("%s instead of %s" % (outcome, codes[0]))
        self.board.start()
        self._check((old,), True)
        return old

    def _fetch(self):
        if "rot" in self.features and self.board.firmware_kind != "pycom" and chance(0.5):  # Pycom cannot read back
            self.board.log.rot = random.randrange(1, 60)
        link = Link()
        if "link" in self.features:
            kind = random.randrange(3)
            if kind == 0:
                link = Link(whole=random.randrange(40000))
            elif kind == 1:
                # The whole manifest, which nobody goes on with, and of an image more than one erase block.
                least = max(4096 + 512, len(self.server.get("manifest.json?format=2")) + 1024)
                self.each = random.randrange(least, least + 3584)
                link = Link(each=self.each)
        verified = chance(0.7)
        if "early" in self.features and chance(0.5):
            self.client.update(self.server, link, verified, reset=False)
            try:
                if self.client.confirm():
                    self.early = True
            except Exception as error:
                if getattr(error, "code", None) is None:
                    raise
            self.board.start(RESET)
            return
        return self.client.update(self.server, link, verified)

    def _good(self, old, new):
        """On trial, and confirmed in the end."""
        self._trial()
        for _ in range(random.randrange(2)):
            self._act("start", self._start, (old, new))
        if "starts" in self.features and not self.disturbed:
            self._starts_that_do_not_count(new)
        if self._version() == new.version:
            # Nested cuts are starts of its trial.
            self._act("confirm", self.client.confirm, (old, new), straight=(new,))
            for _ in range(TRIES):
                if self._state() == "idle":
                    break
                self._plainly("confirm again", self.client.confirm)
        elif not self.disturbed:
            raise Bad("a release on trial has gone: %s" % self._reported())
        self.application.empty()
        kept = self._version() == new.version
        for cause in (RESET, POWER):
            self.board.start(cause)
            self._check((new if kept else old,), True)
        if not kept:
            # Cuts have used up the starts of its trial.
            self._plainly("retry", lambda: self.client.update(self.server, Link(), True, True))
            self._check((new,), False)
            if not self._plainly_confirm():
                raise Bad("a release that was rolled back does not come again")
            self._check((new,), True)
        return new

    def _plainly_confirm(self):
        try:
            return self.client.confirm()
        except Exception as error:
            raise Bad("confirm: " + text_of(error))

    def _bad(self, old, new):
        """On trial, and never confirmed, or rolled back."""
        self._trial()
        out = "card" in self.features and chance(0.5)
        if out:
            self.board.chips["sd"].out = True
            self.board.mount_all()
        if not out and chance(0.3):
            self._act("rollback", self.client.rollback, (old, new))
        for _ in range(self.client.trial_starts + 2):
            self._trial()
            self._act("start", self._start, (old, new), ("flash",) if out else ("flash", "sd"))
        if out:
            if self._version() != old.version:
                raise Bad("without the card the bad release stays: %s" % self._reported())
            self.board.chips["sd"].out = False
            for _ in range(2):
                self.board.start()
        if self._version() != old.version:
            raise Bad("a bad release is still there after %d starts" % (self.client.trial_starts + 2))
        self.application.empty()
        for cause in (RESET, POWER):
            self.board.start(cause)
            self._check((old,), True)
        if "again" not in self.features:
            return old
        new = self.maker.mend(new)
        self.server.offer(new)
        outcome = self._plainly("mended", lambda: self.client.update(self.server, Link()))
        if self._version() != new.version:
            raise Bad("a mended release is not taken: %s" % outcome)
        self._check((new,), False)
        self._plainly_confirm()
        self._check((new,), True)
        return new

    def _start(self):
        causes = (POWER, RESET, WATCHDOG) if "starts" in self.features else (POWER, RESET)
        self.board.start(random.choice(causes))

    def _starts_that_do_not_count(self, new):
        cause = random.choice((WAKE, SOFT))
        for _ in range(4):
            if cause == WAKE:
                self.client.sleeps()
            self.board.start(cause)
            if self._version() != new.version:
                raise Bad("four starts by %s, and it is gone: %s" % (cause, self._reported()))
            self._check((new,), False)

    def _trial(self):
        """What the application does in a trial."""
        self.application.work()
        if "fill" in self.features:
            self.application.fill()

    # Actions, and what goes wrong in them

    def _act(self, name, action, releases, mounts=("flash", "sd"), straight=None):
        """`action()`, with one of the faults or none. Then the device is wholly on one of `releases`, without a fault
        on one of `straight`. Returns the error that came out of it."""
        self.where = self.where.split(",")[0] + ", " + name
        kinds = [kind for kind in ("cut", "read", "write") if kind in self.features]
        self.faulted = None
        self.early = False
        state = random.getrandbits(30)
        kind = random.choice(kinds) if kinds and chance(0.8) else None
        try:
            if kind == "cut":
                return self._with_cuts(action, straight or releases, releases, mounts, state)
            if kind:
                return self._with_error(kind, action, straight or releases, releases, mounts, state)
            random.seed(state)
            outcome = self._attempt(action)
            self._check(straight or releases, False, mounts)
            return outcome
        except Loop as error:
            raise Bad(str(error))

    def _attempt(self, action):
        """Runs to the end or to the start after a reset. Returns the error's text, or None."""
        try:
            self.board.run(action)
            if self.early:
                raise Bad("confirm() before the release has started")
        except (Loop, Bad):
            raise
        except Exception as error:
            bare = getattr(error, "code", None) is None
            if bare and not (self.client.bare and isinstance(error, (OSError, ImportError))):
                if self.trace:
                    sys.print_exception(error)
                raise Bad("a bare exception: " + text_of(error))
            return text_of(error)

    def _plainly(self, name, action):
        """Without a fault."""
        self.where = self.where.split(",")[0] + ", " + name
        try:
            return self._attempt(action)
        except Loop as error:
            raise Bad(str(error))

    def _with_cuts(self, action, straight, releases, mounts, state):
        """Some cuts of what the action writes, each started again and judged; the chain goes on after the last."""
        board = self.board
        image = board.save()
        own = self.application.save()
        random.seed(state)
        outcome = [None]

        def run():
            outcome[0] = self._attempt(action)

        writes = board.record(run)
        self._check(straight, False, mounts)
        if not writes:
            return outcome[0]
        done = board.save(), self.application.save()
        for _ in range(BRANCHES):
            number = random.randrange(len(writes))
            torn = "torn" in self.features and chance(0.5)
            self.faulted = "cut %d of %d%s" % (number, len(writes), " torn" if torn else "")
            self.application.load(own)
            board.cut(image, writes, number, torn)
            if "damage" in self.features:
                board.mount_all()
                self._damage(board.real(random.choice(self.client.journals())))
            if "spoil" in self.features and chance(0.5):
                self._spoil()
            self._start_with_cuts(1)
            self._check(releases, False, mounts)
        if chance(0.5):
            self.faulted = None
            self.application.load(done[1])
            board.load(done[0])
            self._mount()
        else:
            outcome[0] = "cut"
            self.disturbed = True
        return outcome[0]

    def _spoil(self):
        """Damages a file that waits to be put in place, if one does."""
        self.board.mount_all()
        files = [path for place in self.client.staging for path in files_below(self.board.real(place))]
        staged = [path for path in files if self.client.is_staged(path)]
        if staged:
            self._damage(random.choice(staged))

    def _damage(self, path):
        """One byte of a file."""
        at = random.getrandbits(16)
        try:
            with open(path, "r+b") as file:
                data = bytearray(file.read())
                if data:
                    data[at % len(data)] ^= 1 << at % 7
                    file.seek(0)
                    file.write(data)
        except OSError:
            pass

    def _start_with_cuts(self, depth):
        board = self.board
        image = board.save()
        writes = board.record(board.start)
        self.states += 1
        if depth < NESTED and writes and chance(0.6):
            number = random.randrange(len(writes))
            torn = "torn" in self.features and chance(0.5)
            self.faulted += ", cut %d of %d" % (number, len(writes))
            board.cut(image, writes, number, torn)
            self._start_with_cuts(depth + 1)

    def _with_error(self, kind, action, straight, releases, mounts, state):
        """The action once to count its accesses, then again with one that fails, or some; then a start without."""
        board = self.board
        image = board.save()
        own = self.application.save()
        random.seed(state)
        board.log.disarm()
        outcome = self._attempt(action)
        count = board.log.counts[kind]
        self._check(straight, False, mounts)
        if not count:
            return outcome
        for _ in range(ERRORS):
            first = random.randrange(count)
            lasting = random.choice((1, 1, 1, 30))
            after = random.getrandbits(30)
            self.faulted = "%s %d of %d fails, %d times" % (kind, first, count, lasting)
            self.application.load(own)
            board.load(image)
            board.reports = True
            self._mount()
            random.seed(state)
            board.log.arm(kind, first, lasting)
            outcome = self._attempt(action)
            board.log.disarm()
            board.reports = False
            random.seed(after)
            board.start()
            self.states += 1
            self._check(releases, False, mounts)
        self.disturbed = True
        return outcome or "fault"

    def _mount(self):
        """As it was before an action: the application has imported the client when it started."""
        self.board.mount_all()
        self.client.load()

    # Looking

    def _status(self):
        try:
            return self.client.status()
        except Exception as error:
            if self.trace:
                sys.print_exception(error)
            raise Bad("status(): " + text_of(error))

    def _version(self):
        return self._status()["version"]

    def _state(self):
        return self._status()["state"]

    def _reported(self):
        return self._status()["error"]

    def _check(self, releases, ended, mounts=("flash", "sd")):
        """The device has started: it is wholly one of these releases, and says which."""
        self.checks += 1
        if self.board.error:
            error = text_of(self.board.error)
            # A boot.py that is no Python leaves the board as it is.
            if not (isinstance(self.board.error, SyntaxError) and "boot" in self.features):
                raise Bad("boot.py: " + error)
            mounts = ("flash",)  # boot.py mounts the card
        version = self._version()
        release = [one for one in releases if one.version == version]
        if not release:
            raise Bad("version %s" % version)
        release = release[0]
        tree = dict(release.tree)
        tree.update(self.kept)
        image = self.server.image(release) if self.writes_firmware else self.delivered
        wrong = self.judge.wrong(tree, image, ended, mounts)
        if wrong:
            raise Bad("%s %s (%s)" % ("ended" if ended else "is", wrong, version))


def text_of(error):
    text = str(error)
    return text if getattr(error, "code", None) else "%s %s" % (type(error).__name__, text)
