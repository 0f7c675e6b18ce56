"""One round: a device, a chain of random releases, and what goes wrong on the way: see features.py."""

import gc
import os
import random

from application import CONFIG, Application
from boards import POWER, RESET, SOFT, WAKE, WATCHDOG, Board
from clients import Contact, Link
from harm import Harm, chance
from judge import Judge, parents
from releases import Maker, Server
from witness import Bad, Witness, text_of

SMALL = 156  # blocks of a littlefs on which its double count of directories says that little is free
UPDATES = 3
TRIES = 4
WORN = 17408  # bytes of the card: the directory at its root can be read, no file can
CALLS = 60  # of update(), until all has come
BLOCK = 4096


class Round:
    def __init__(self, client, kind, seed, features, who, collects, trace=None):
        random.seed(seed)
        self.client = client
        self.features = features
        firmware = "rp2040"
        if "firmware" in features or "mpy" in features or "rot" in features:
            firmware = random.choice(("esp32", "esp32", "esp32, no rollback", "pycom"))
        if "single" in features:
            firmware = random.choice(("esp32, one app", "rp2040"))
        blocks = SMALL if "dirs" in features and kind == "littlefs" else None
        root = "" if "root" in features else "/flash"
        card = "littlefs" if "second" in features else "FAT"
        self.board = Board(kind, firmware, blocks, 32 if chance(0.05) else 256, root, card)
        self.board.replaces = client.replaces
        self.board.keeps_before = bool(trace)
        self.board.collects = collects
        self.application = Application(self.board, features)
        self.server = Server()
        self.server.patches = "patch" in features
        self.server.forgets = "gone" in features
        self.server.static = "gone" in features and chance(0.3)
        # Without format 2 a server that has forgotten a release does not say that its answer is all of the next one.
        self.server.sizes = chance(0.8) or (self.server.forgets and not self.server.static)
        self.judge = Judge(client, self.board, self.application)
        self.witness = Witness(self.board, client, self.judge, self.server, features, trace)
        self.harm = Harm(self.board, client, self.application, self.witness, features)
        self.maker = Maker(client, features, who, self.board.writes_firmware or "single" in features)
        self.updates = 0
        self.where = "delivery"

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
            old = self._update(old, new, number == UPDATES - 1)
            self.updates += 1
            gc.collect()

    def _deliver(self):
        board = self.board
        release = self.maker.next()
        release.good = True
        board.format()
        self.witness.delivered = image = self.server.image(release)
        board.chips["ota_0"].data[: len(image)] = image
        delivery = self.application.deliver()
        next(delivery)
        board.mount_all()
        self._write(release.tree)
        self._write(self.client.delivered(release))
        for path in self.client.protected(board.kind):
            self.witness.kept[path] = release.tree[path]
        for _ in delivery:
            pass
        self.server.offer(release)
        board.start()
        self.witness.check((release,), True)
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

    def _update(self, old, new, last):
        """From `old` to `new` and its end. Returns the release that the device then is on."""
        self.each = None  # what a connection brings
        self.changed = sum([len(new.tree[path]) + BLOCK for path in new.tree if old.tree.get(path) != new.tree[path]])
        self.harm.disturbed = False
        self.shared = set()  # directories of the old release that the application has made anew
        self.application.work()
        self.server.offer(new)
        if "hold" in self.features:
            self.application.hold()
        if self.judge.clash(new.tree):
            return self._refused(old, "path_case", "path_conflict" if self._hides(new) else "path_case")
        if last and "dead" in self.features:
            return self._dies(old, new)
        full = "full" in self.features and chance(0.5)
        if full:
            self.application.fill(random.choice((1, random.randrange(200000))))
        if "resume" in self.features and not full and self.board.firmware_kind != "pycom" and chance(0.7):
            outcome = self._resumed(old, new)
        else:
            if "fill" in self.features:
                self.application.may_fill()
            outcome = self._act("update", self._fetch, (old, new))
        self.application.drop()
        self.board.log.rot = 0
        if full:
            self._stays(new, outcome)
            right = ("space", "link", "OSError") if self.client.bare else ("space", "link")
            if not self.harm.done and outcome and not outcome.startswith(right):
                if not self._rightly_refused(new, outcome):
                    raise Bad("%s instead of space" % outcome)
            self.application.empty()
            outcome = outcome and "full"
        faulty = self.harm.done
        for _ in range(TRIES):
            if self.witness.version() == new.version:
                break
            code = self._rightly_refused(new, outcome)
            if code == "space":  # what the refusal has given up may be room enough the next time
                self.board.start()
                self.witness.check((old,), True)
                return old
            if code and not faulty:
                return self._refused(old, code)
            faulty = None  # what fails may look like a name that is not there
            if outcome is None and self.witness.reported() is None:
                raise Bad("update() ended, and the device is on " + str(self.witness.version()))
            outcome = self._plainly("again", lambda: self.client.update(self.server, Link(self.each), True, True))
        else:
            raise Bad("not installed: %s, %s" % (outcome, self.witness.reported()))
        self.witness.check((old, new), False)
        end = self._good if new.good else self._bad
        return end(old, new)

    def _stays(self, new, outcome):
        """What an update needs of room is there before the journal, until its trial ends (D11)."""
        if outcome is None and not self.harm.done:
            self.board.start()
            if self.witness.version() != new.version:
                raise Bad("after the journal: %s" % self.witness.reported())

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
        self.harm.mount()
        if not self.server.sizes:  # it has looked file by file, and says nothing of those that have come
            need += self.changed
        # The client keeps some of it for the journal, and its figure may be off by some blocks.
        return free < need * 5 // 4 + 8 * BLOCK

    def _refused(self, old, *codes):
        outcome = self._act("update", self._fetch, (old,))
        if not self.harm.done:
            if outcome is None or outcome.startswith("link"):
                outcome = self._plainly("again", lambda: self.client.update(self.server, Link()))
            if not (outcome or "").startswith(codes):
                raise Bad("%s instead of %s" % (outcome, codes[0]))
        self.board.start()
        self.witness.check((old,), True)
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
        early = "early" in self.features and chance(0.5)
        if early or ("fill" in self.features and chance(0.3)):
            self.client.update(self.server, link, verified, reset=False)
            try:
                if early and self.client.confirm():
                    self.witness.early = True
            except Exception as error:
                if getattr(error, "code", None) is None:
                    raise
            if "fill" in self.features:
                self.application.fill()
                self.board.watchdog.begin()
            self.board.start(RESET)
            return
        return self.client.update(self.server, link, verified)

    def _resumed(self, old, new):
        """In however many calls of update() it comes: hardly a byte twice (D17)."""
        board = self.board
        image, own = board.save(), self.application.save()
        whole = Contact()
        outcome = self._plainly("update", lambda: self.client.update(self.server, whole))
        self.witness.check((old, new), False)
        if self.witness.version() != new.version:
            return outcome
        self.application.load(own)
        board.load(image)
        self.harm.mount()
        came = 0
        for call in range(CALLS):
            link = Contact(random.randrange(6000, 20000))
            outcome = self._plainly("call %d" % call, lambda link=link: self.client.update(self.server, link))
            came += link.came
            self.witness.check((old, new), False)
            if self.witness.version() == new.version:
                break
            if not outcome.startswith("link"):
                raise Bad("%s instead of link" % outcome)
            if chance(0.3):
                board.start(RESET)
        else:
            raise Bad("%d bytes have come in %d calls, and %d are needed" % (came, CALLS, whole.came))
        # Whether there is room for patches may change meanwhile, and these are larger than what they make.
        again = came - whole.came - self.server.excess
        # Of an image the erase block in which a call ended.
        if again > (call * BLOCK if new.firmware != old.firmware else 0):
            raise Bad("%d bytes of %d came again in %d calls" % (again, whole.came, call + 1))
        return outcome

    def _dies(self, old, new):
        """The card fails for ever from somewhere on: the flash and the firmware go on without it (D11)."""
        card = self.board.chips["sd"]
        moment = random.randrange(4)
        sound = random.choice((0, WORN))
        steps = [("update", lambda: self.client.update(self.server, Link()))]
        steps += [("start", self.board.start)] * (self.client.trial_starts + TRIES)
        for number, (name, action) in enumerate(steps):
            if number == moment:
                card.die(random.choice((0, random.randrange(20), random.randrange(100), random.randrange(400))), sound)
            if new.good and number and self.witness.version() == new.version:
                name, action = "confirm", self.client.confirm
            outcome = self._plainly("dead %d, %s" % (moment, name), action)
            if not number and outcome and moment:
                card.die(0, sound)
                break
            self.witness.check((old, new), False, ("flash",))
            if name == "confirm" and self.witness.state() == "idle" and number >= moment:
                break
        wanted = new if name == "confirm" else old
        if self.witness.version() != wanted.version:
            raise Bad("with a dead card %s stays: %s" % (self.witness.version(), self.witness.reported()))
        self.board.start()
        if sound and self._has("flash/waybill/left") and "sd" not in (self.witness.reported() or ""):
            raise Bad("nothing is said of what is left on the card")
        self.witness.check((wanted,), False, ("flash",))

    def _has(self, path):
        try:
            os.stat(self.board.real(path))
            return True
        except OSError:
            return False

    def _good(self, old, new):
        """On trial, and confirmed in the end."""
        self._trial(old)
        for _ in range(random.randrange(2)):
            self._act("start", self._start, (old, new))
        if "starts" in self.features and not self.harm.disturbed:
            self._starts_that_do_not_count(new)
        if self.witness.version() == new.version:
            # Nested cuts are starts of its trial.
            self._act("confirm", self.client.confirm, (old, new), straight=(new,))
            for _ in range(TRIES):
                if self.witness.state() == "idle":
                    break
                self._plainly("confirm again", self.client.confirm)
        elif not self.harm.disturbed:
            raise Bad("a release on trial has gone: %s" % self.witness.reported())
        self.application.empty()
        kept = self.witness.version() == new.version
        for cause in (RESET, POWER):
            self.board.start(cause)
            self.witness.check((new if kept else old,), True)
        if not kept:
            # Cuts have used up the starts of its trial.
            self.application.directories -= self.shared  # D13: these are the release's again
            outcome = self._plainly("retry", lambda: self.client.update(self.server, Link(), True, True))
            if self.witness.version() != new.version:
                if self._rightly_refused(new, outcome) == "space":  # the report takes some
                    return old
                raise Bad("a release that was rolled back is not taken again: %s" % outcome)
            self.witness.check((new,), False)
            if not self._plainly_confirm():
                raise Bad("a release that was rolled back does not come again")
            self.witness.check((new,), True)
        return new

    def _plainly_confirm(self):
        try:
            return self.client.confirm()
        except Exception as error:
            raise Bad("confirm: " + text_of(error))

    def _bad(self, old, new):
        """On trial, and never confirmed, or rolled back."""
        self._trial(old)
        out = "card" in self.features and chance(0.5)
        if out:
            card = self.board.chips["sd"]
            own = bytes(card.data) if chance(0.3) else None
            saved = self.application.save()
            if own:
                self.board.power_off()
                self.board.format_card()
            else:
                card.out = True
            self.board.mount_all()
        if not out and chance(0.3):
            self._act("rollback", self.client.rollback, (old, new))
        for _ in range(self.client.trial_starts + 2):
            self._trial(old)
            self._act("start", self._start, (old, new), ("flash",) if out else ("flash", "sd"))
        if "damage" in self.features:  # what a journal has counted is gone with it
            for _ in range(self.client.trial_starts + 1):
                self.board.start()
        self.application.directories -= self.shared  # D13: these are the release's again
        if out:
            if self.witness.version() != old.version:
                raise Bad("without the card the bad release stays: %s" % self.witness.reported())
            if own:
                self.board.power_off()
                card.data[:] = own
                self.application.card_is_back(saved)
            card.out = False
            self._act("card", self.board.start, (old,), ("flash",))
            self.board.start()
            self.witness.check((old,), True)
        if self.witness.version() != old.version:
            raise Bad("a bad release is still there after %d starts" % (self.client.trial_starts + 2))
        self.application.empty()
        for cause in (RESET, POWER):
            self.board.start(cause)
            self.witness.check((old,), True)
        if "again" not in self.features:
            return old
        new = self.maker.mend(new)
        self.server.offer(new)
        outcome = self._plainly("mended", lambda: self.client.update(self.server, Link()))
        if self.witness.version() != new.version:
            if self._rightly_refused(new, outcome) != "space":
                raise Bad("a mended release is not taken: %s" % outcome)
            self.board.start()
            self.witness.check((old,), True)
            return old
        self.witness.check((new,), False)
        self._plainly_confirm()
        self.witness.check((new,), True)
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
            if self.witness.version() != new.version:
                raise Bad("four starts by %s, and it is gone: %s" % (cause, self.witness.reported()))
            self.witness.check((new,), False)

    def _trial(self, old):
        """What the application does in a trial."""
        before = set(self.application.directories)
        self.application.work()
        self.shared |= (self.application.directories - before) & parents(old.tree)
        if "fill" in self.features:
            self.application.fill()

    def _act(self, name, action, releases, mounts=("flash", "sd"), straight=None):
        self._enter(name)
        return self.harm.act(action, releases, mounts, straight)

    def _plainly(self, name, action):
        """Without a fault."""
        self._enter(name)
        return self.witness.attempt(action)

    def _enter(self, name):
        self.where = self.where.split(",")[0] + ", " + name
