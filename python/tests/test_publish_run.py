"""A run on a folder: its order, its claim, and what a folder is (rules S1a, S3 and S6)."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

import pytest
from content import noise, sha1

from airwaybill._options import CommandError
from airwaybill.publish import run as running
from airwaybill.publish.folder import UNFINISHED, Folder
from airwaybill.publish.items import DOCUMENTS, FILES, HEAD, MANIFESTS, SIGNATURES, Item
from airwaybill.publish.plan import Plan
from airwaybill.publish.record import KEY, Record
from airwaybill.publish.run import run

STAGES = {
    "1.0.0/flash/main.py": FILES,
    "1.0.1/flash/main.py": FILES,
    "1.0.1.waybill.sig": SIGNATURES,
    "1.0.1.waybill": DOCUMENTS,
    "m/2/-/-.json": MANIFESTS,
    "m/2/1.0.0/-.json": MANIFESTS,
    "head.json": HEAD,
}
EVERYTHING = {key: key.encode() for key in STAGES}
LONG = "n" * 250 + "#1"
STRANGE = [
    "a b",
    "a+b",
    "x#1",
    "x#12",
    "\u00fc",
    "e\u0301",
    "a%2Fb",
    "a?b&c=d",
    ".x",
    "..x",
    "~",
    "a:b",
    "\U0001f600",
    LONG,
]


def items(files: dict[str, bytes]) -> list[Item]:
    def item(key: str, data: bytes) -> Item:
        stage = STAGES.get(key, FILES)
        return Item(key, stage, "text/plain", "no-cache" if stage else "immutable", len(data), sha1(data))

    return sorted((item(key, data) for key, data in files.items()), key=lambda one: (one.stage, one.key))


def publish(store: Folder, files: dict[str, bytes], grace: float = 0) -> Plan:
    with store.locked():
        read = store.read(KEY)
        record = Record({}) if read is None else Record.parse(read.data)
        plan = Plan.of(items(files), record, store.objects(), time.time(), grace)
        if not plan.is_done:
            run(store, plan, lambda item: files[item.key], None if read is None else read.version)
        return plan


def there(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def record(folder: Path) -> Record:
    return Record.parse((folder / KEY).read_bytes())


class Watched(Folder):
    """Knows what was put and deleted, and calls ``before`` with each key before it is."""

    def __init__(self, path: Path, before: Callable[[str], object] = lambda key: None) -> None:
        super().__init__(str(path))
        self.said: list[tuple[str, str]] = []
        self._before = before
        self._one = Lock()

    def put(self, key: str, data: bytes, content_type: str, cache_control: str) -> None:
        with self._one:
            if key != KEY:
                self._before(key)
            self.said.append(("put", key))
        super().put(key, data, content_type, cache_control)

    def replace(self, key: str, data: bytes, version: object) -> object:
        self._before(key)
        return super().replace(key, data, version)

    def delete(self, keys: list[str]) -> None:
        self.said += [("delete", key) for key in keys]
        super().delete(keys)

    @property
    def order(self) -> list[set[str]]:
        """What came between others of another kind, in any order."""
        stages = groupby(self.said, key=lambda one: (one[0], STAGES[one[1]] if one[1] in STAGES else one[1]))
        return [{key for _, key in group} for _, group in stages]


def test_the_order(tmp_path: Path) -> None:
    store = Watched(tmp_path / "www")
    publish(store, EVERYTHING)
    files, manifests = set(list(STAGES)[:2]), set(list(STAGES)[4:6])
    documents = [{"1.0.1.waybill.sig"}, {"1.0.1.waybill"}]
    assert store.order == [{KEY}, files, *documents, {KEY}, manifests, {KEY}, {"head.json"}, {KEY}]
    assert there(tmp_path / "www").keys() == {*STAGES, KEY}


def test_nothing_is_put_twice(tmp_path: Path) -> None:
    publish(Watched(tmp_path), EVERYTHING)
    store = Watched(tmp_path)
    publish(store, EVERYTHING)
    assert store.said == []
    changed = {**EVERYTHING, "m/2/-/-.json": b"another"}
    publish(store, changed)
    assert store.order == [{KEY}, {"m/2/-/-.json"}, {KEY}]


def test_what_goes(tmp_path: Path) -> None:
    publish(Watched(tmp_path), EVERYTHING)
    rest = {key: data for key, data in EVERYTHING.items() if "1.0.0" not in key}
    first, second, third = Watched(tmp_path), Watched(tmp_path), Watched(tmp_path)
    # A manifest goes at once, after the others; what it names only in a run after that.
    publish(first, rest)
    assert first.order == [{KEY}, {"m/2/1.0.0/-.json"}, {KEY}]
    publish(second, rest, grace=3600)
    assert second.order == []
    publish(third, rest)
    assert third.order == [{KEY}, {"1.0.0/flash/main.py"}, {KEY}]
    assert there(tmp_path).keys() == {*rest, KEY}
    assert not (tmp_path / "1.0.0").exists()


@pytest.mark.parametrize("moment", [0, 1, 2, 3], ids=["at first", "before manifests", "before head.json", "at the end"])
def test_who_loses_the_claim_stops(tmp_path: Path, moment: int) -> None:
    seen: list[str] = []

    def claimed_by_another(key: str) -> None:
        if key == KEY and len(seen) <= moment:
            seen.append(key)
            if len(seen) > moment:
                (tmp_path / KEY).write_bytes(Record({}, "another").render("now"))

    store = Watched(tmp_path, claimed_by_another)
    with pytest.raises(CommandError) as caught:
        publish(store, EVERYTHING)
    assert (caught.value.exit_code, caught.value.code) == (1, "published_meanwhile")
    reached = [-1, DOCUMENTS, MANIFESTS, HEAD][moment]
    assert there(tmp_path).keys() == {*(key for key, stage in STAGES.items() if stage <= reached), KEY}
    assert record(tmp_path).run == "another"


def test_what_the_run_before_did_until_it_stopped_is_put_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(Watched(tmp_path), EVERYTHING)
    (tmp_path / KEY).write_bytes(record(tmp_path)._replace(run="another").render("now"))

    def wait(seconds: float) -> None:
        assert 0 < seconds <= running.STOPPED_SECONDS
        for key in ("1.0.0/flash/main.py", "m/2/1.0.0/-.json"):
            (tmp_path / key).unlink()
        (tmp_path / "m/2/-/-.json").write_bytes(b"of the other run")

    monkeypatch.setattr(running, "time", SimpleNamespace(monotonic=time.monotonic, sleep=wait))
    store = Watched(tmp_path)
    store.is_shared = True
    publish(store, EVERYTHING)
    assert there(tmp_path).items() >= EVERYTHING.items()
    assert record(tmp_path).run is None


@pytest.mark.parametrize("late", ["1.0.1/flash/main.py", "m/2/1.0.0/-.json", "head.json"])
def test_who_has_lost_the_claim_puts_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: str) -> None:
    monkeypatch.setattr(running, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(running, "THREADS", 1)

    def claimed_by_another(key: str) -> None:
        if key == late:
            (tmp_path / KEY).write_bytes(Record({}, "another").render("now"))

    store = Watched(tmp_path, claimed_by_another)
    with pytest.raises(CommandError) as caught:
        publish(store, EVERYTHING)
    assert (caught.value.exit_code, caught.value.code) == (1, "published_meanwhile")
    assert store.said[-1] == ("put", late)


def test_a_folder_has_one_publisher_at_a_time(tmp_path: Path) -> None:
    other = (
        "import sys; from airwaybill.publish.folder import Folder\n"
        "with Folder(sys.argv[1]).locked(): print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", other, str(tmp_path / "www" / "..")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(CommandError) as caught:
            publish(Watched(tmp_path), EVERYTHING)
        assert (caught.value.exit_code, caught.value.code) == (1, "published_meanwhile")
        # The lock is the system's: nothing is left of a run that was killed.
        process.kill()
    publish(Watched(tmp_path), EVERYTHING)


@pytest.mark.parametrize("failing", [*STAGES])
def test_a_run_that_fails_goes_on_with_the_next(tmp_path: Path, failing: str) -> None:
    def fail(key: str) -> None:
        if key == failing:
            raise OSError("the cable was pulled")

    with pytest.raises(OSError, match="the cable was pulled"):
        publish(Watched(tmp_path, fail), EVERYTHING)
    before = there(tmp_path)
    assert record(tmp_path).run is not None
    store = Watched(tmp_path)
    publish(store, EVERYTHING)
    # Files that are there are those that were put; of all else nobody knows.
    again = {key for action, key in store.said} - {KEY}
    assert again == {
        key for key, stage in STAGES.items() if key not in before or (stage >= SIGNATURES and not known(before, key))
    }
    assert there(tmp_path).items() >= EVERYTHING.items()
    assert record(tmp_path).run is None


def known(before: dict[str, bytes], key: str) -> bool:
    """Whether the record of a run that failed knows what it put there."""
    return Record.parse(before[KEY]).entries[key].put is not None


def test_a_manifest_that_a_killed_run_may_have_put_is_put_again(tmp_path: Path) -> None:
    """Of the same size, so that only the record can tell."""
    old, new = {**EVERYTHING, "m/2/-/-.json": b"old"}, {**EVERYTHING, "m/2/-/-.json": b"new"}
    publish(Watched(tmp_path), old)

    def fail(key: str) -> None:
        if key == "head.json" or (key == KEY and (tmp_path / "m/2/-/-.json").read_bytes() == b"new"):
            raise OSError("killed")

    with pytest.raises(OSError, match="killed"):
        publish(Watched(tmp_path, fail), new)
    assert there(tmp_path)["m/2/-/-.json"] == b"new"
    publish(Watched(tmp_path), old)
    assert there(tmp_path)["m/2/-/-.json"] == b"old"


def test_names(tmp_path: Path) -> None:
    files = {f"1.0.0/flash/{name}/{name}": name.encode() for name in STRANGE}
    publish(Watched(tmp_path), files)
    assert there(tmp_path).items() >= files.items()
    store = Watched(tmp_path)
    publish(store, files)
    assert store.said == []
    publish(store, {})
    publish(store, {})
    assert there(tmp_path).keys() == {KEY}
    assert [path.name for path in tmp_path.iterdir()] == [KEY]


def test_what_is_not_airwaybills_stays(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_bytes(b"hello")
    (tmp_path / "1.0.0").mkdir()
    (tmp_path / "1.0.0/note.txt").write_bytes(b"mine")
    publish(Watched(tmp_path), EVERYTHING)
    publish(Watched(tmp_path), {})
    publish(Watched(tmp_path), {})
    assert there(tmp_path).keys() == {"index.html", "1.0.0/note.txt", KEY}


def test_half_written_files_of_a_killed_run_go(tmp_path: Path) -> None:
    (tmp_path / UNFINISHED).mkdir()
    (tmp_path / UNFINISHED / "7").write_bytes(b"half")
    publish(Watched(tmp_path), EVERYTHING)
    assert there(tmp_path).keys() == {*EVERYTHING, KEY}


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MEMORY_BYTES", 1000)
    files = {f"1.0.0/flash/{number}": noise(size, number) for number, size in enumerate([10, 400, 990, 1500, 0] * 20)}
    in_memory, most = 0, 0
    one = Lock()

    class Counting(Folder):
        def put(self, key: str, data: bytes, *attributes: Any) -> None:
            nonlocal in_memory
            super().put(key, data, *attributes)
            with one:
                in_memory -= len(data) if key in files else 0

    def read(item: Item) -> bytes:
        nonlocal in_memory, most
        with one:
            in_memory += item.size
            most = max(most, in_memory)
        return files[item.key]

    plan = Plan.of(items(files), Record({}), {}, 0.0, 0.0)
    run(Counting(str(tmp_path)), plan, read, None)
    assert there(tmp_path).items() >= files.items()
    # One that is larger than all of it is alone, but for the end of another.
    assert 1000 < most <= 1500 + 1000


def test_progress_counts_bytes(tmp_path: Path) -> None:
    said: list[tuple[int, int]] = []
    plan = Plan.of(items(EVERYTHING), Record({}), {}, 0.0, 0.0)
    run(Folder(str(tmp_path)), plan, lambda item: EVERYTHING[item.key], None, lambda *both: said.append(both))
    total = sum(map(len, EVERYTHING.values()))
    assert said[-1] == (total, total)
    assert [done for done, _ in said] == sorted(done for done, _ in said)


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CommandError, match=r"^cannot read publish\.json: Not a directory$") as caught:
        publish(Watched(tmp_path / "file"), EVERYTHING)
    assert (caught.value.exit_code, caught.value.code) == (1, "store_failed")
