"""What goes wrong in an action: the power, a read or a write that fails, a byte that changes."""

import random

from devices import free_clusters, lost_clusters
from judge import files_below

BRANCHES = 3  # cuts of one action
ERRORS = 2  # errors in one, each of which takes it again
NESTED = 3
ENOSPC = "OSError: 28"


def chance(share):
    return random.random() < share


class Harm:
    """Does actions with one of the faults that the features allow, or none."""

    def __init__(self, board, client, application, witness, features):
        self._board = board
        self._client = client
        self._application = application
        self._witness = witness
        self._features = features
        self._kinds = [kind for kind in ("cut", "read", "write") if kind in features]
        self.done = None  # the fault of the last action
        self.disturbed = False  # whether the device goes on from where a fault has left it
        self.cuts = 0
        self.lost = 0  # faults after which a card had to be checked
        self.faults = 0

    def act(self, action, releases, mounts=("flash", "sd"), straight=None):
        """`action()`. Then the device is wholly on one of `releases`, without a fault on one of `straight`. Returns the
        error that came out of it."""
        self.done = None
        self._witness.early = False
        state = random.getrandbits(30)
        straight = straight or releases
        kind = random.choice(self._kinds) if self._kinds and chance(0.8) else None
        if kind == "cut":
            return self._with_cuts(action, straight, releases, mounts, state)
        if kind:
            return self._with_error(kind, action, straight, releases, mounts, state)
        random.seed(state)
        outcome = self._witness.attempt(action)
        self._witness.check(straight, False, mounts)
        return outcome

    def mount(self):
        """As it was before an action: the application has imported the client when it started."""
        self._board.mount_all()
        self._client.load()

    def _with_cuts(self, action, straight, releases, mounts, state):
        """Some cuts of what the action writes, each started again and judged; the chain goes on after the last."""
        board = self._board
        image, own = board.save(), self._application.save()
        random.seed(state)
        outcome = [None]

        def run():
            outcome[0] = self._witness.attempt(action)

        writes = board.record(run)
        self._witness.check(straight, False, mounts)
        if not writes:
            return outcome[0]
        done = board.save(), self._application.save()
        for _ in range(BRANCHES):
            self.done = self._cut(image, writes)
            self._application.load(own)
            if "damage" in self._features:
                board.mount_all()
                self._damage(board.real(random.choice(self._client.journals())))
            if "spoil" in self._features and chance(0.5):
                self._spoil()
            self._start_with_cuts(1)
            self._make_room()
            self._witness.check(releases, False, mounts)
        if chance(0.5):
            self.done = None
            self._application.load(done[1])
            board.load(done[0])
            self.mount()
        else:
            outcome[0] = "cut"
            self.disturbed = True
        return outcome[0]

    def _cut(self, image, writes):
        number = random.randrange(len(writes))
        torn = "torn" in self._features and chance(0.5)
        self._board.cut(image, writes, number, torn)
        self.cuts += 1
        return "cut %d of %d%s" % (number, len(writes), " torn" if torn else "")

    def _start_with_cuts(self, depth):
        board = self._board
        image = board.save()
        writes = board.record(board.start)
        if depth < NESTED and writes and chance(0.6):
            self.done += ", " + self._cut(image, writes)
            self._start_with_cuts(depth + 1)

    def _make_room(self):
        """FAT loses the clusters of a file that is removed when the power goes between its entry and them, or a write
        fails there. In a file system that is full the way back then waits for room (README): it has what it needs with
        these clusters."""
        said = self._witness.reported() or ""
        if "fill" not in self._features or not (ENOSPC in said or "left: " in said):
            return
        lost = [(chip, lost_clusters(chip)) for chip in self._board.fat_chips()]
        if any([numbers for _, numbers in lost]):
            self.lost += 1
            self._board.power_off()
            for chip, numbers in lost:
                free_clusters(chip, numbers)
            for _ in range(2):
                self._board.start()

    def _spoil(self):
        """Damages a file that waits to be put in place, if one does."""
        self._board.mount_all()
        files = [path for place in self._client.staging for path in files_below(self._board.real(place))]
        staged = [path for path in files if self._client.is_staged(path)]
        if staged:
            self._damage(random.choice(staged))

    def _damage(self, path):
        """One byte of a file."""
        at = random.getrandbits(16)
        self.faults += 1
        try:
            with open(path, "r+b") as file:
                data = bytearray(file.read())
                if data:
                    data[at % len(data)] ^= 1 << at % 7
                    file.seek(0)
                    file.write(data)
        except OSError:
            pass

    def _with_error(self, kind, action, straight, releases, mounts, state):
        """The action once to count its accesses, then again with one that fails, or some; then a start without."""
        board = self._board
        image, own = board.save(), self._application.save()
        random.seed(state)
        board.log.disarm()
        outcome = self._witness.attempt(action)
        count = board.log.of(kind).count
        self._witness.check(straight, False, mounts)
        if not count:
            return outcome
        for _ in range(ERRORS):
            first = random.randrange(count)
            lasting = random.choice((1, 1, 1, 30))
            after = random.getrandbits(30)
            self.done = "%s %d of %d fails, %d times" % (kind, first, count, lasting)
            self.faults += 1
            self._application.load(own)
            board.load(image)
            board.reports = True
            self.mount()
            random.seed(state)
            board.log.arm(kind, first, lasting)
            outcome = self._witness.attempt(action)
            board.log.disarm()
            board.reports = False
            random.seed(after)
            board.start()
            if kind == "write":
                self._make_room()
            self._witness.check(releases, False, mounts)
        self.disturbed = True
        return outcome or "fault"
