"""What an operator and a bad disk do to a directory of releases: add, replace, remove, damage and repair."""

from __future__ import annotations

import os
import random
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from content import noise, sha1
from ledger import Ledger
from tree import Files, Tree

# Of each release, and how large.
PATHS = {
    "flash/main.py": 3_000,
    "flash/boot.py": 200,
    "flash/empty.txt": 0,
    "flash/lib/net.py": 9_000,
    "flash/lib/deep/er/sensor.py": 17_000,
    "flash/gü te 1+1=2%.txt": 700,
    "flash/.config": 90,
    "sd/sound.wav": 150_000,
    "sd/table.bin": 700_000,
}
# Over four megabytes: sent as it is read, not from memory.
LARGE_PATH, LARGE_SIZE = "sd/large.bin", 4_600_000
IMAGE_SIZE = 600_000
VARIANTS = 4
RELEASES_AT_MOST = 4
# The longest a copy pauses, in parts of the settle time.
PAUSE_SHARE = 0.05
# How long damage stays, in settle times: some is repaired before the server looks, some stays for long.
DAMAGE_SHARES = (0.1, 0.5, 1.5, 3.0)


class Churn:
    """One thread, which changes names of its own: releases ``1.N.NUMBER``, images and a file beside them."""

    def __init__(
        self, tree: Tree, spare: Path, number: int, seed: int, settle: float, unreadable: bool, ledger: Ledger
    ) -> None:
        self._tree = tree
        self._spare = spare
        self._number = number
        self._seed = seed
        self._settle = settle
        self._ledger = ledger
        self._random = random.Random(f"{seed} churn {number}")
        self._made = 0
        self._releases: list[str] = []
        self._images: list[str] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"churn-{number}")
        self._damages: list[Callable[[str, str, Files], None]] = [
            self._vanish,
            self._directory_in_place,
            self._dangling_link,
            self._link_outside,
            self._link_inside,
            self._truncate,
            self._flip,
        ]
        if unreadable:
            self._damages += [self._unreadable_file, self._unreadable_directory]

    def fill(self, releases: int) -> None:
        """So many releases and an image before the server starts."""
        for _ in range(releases):
            self._add(self._move_in)
        self._add_image()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread when all is whole again."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        changes = [self._one_more, self._replace, self._remove, self._damage, self._damage, self._image, self._beside]
        try:
            while not self._stopping.is_set():
                self._random.choice(changes)()
                self._stopping.wait(self._random.uniform(0, self._settle))
        except Exception as error:
            self._ledger.fail("the churn ended", repr(error))
            raise

    # --- releases

    def _one_more(self) -> None:
        if len(self._releases) >= RELEASES_AT_MOST:
            self._remove()
        self._add(self._random.choice((self._move_in, self._copy_in, self._copy_in)))
        self._ledger.count("releases added")

    def _add(self, bring: Callable[[str, dict[str, bytes]], None]) -> None:
        self._made += 1
        name = f"1.{self._made}.{self._number}"
        bring(name, self._contents(name))
        self._releases.append(name)

    def _replace(self) -> None:
        """Another content under the same name: at once, or file by file."""
        name = self._pick()
        contents = self._contents(f"{name} again {self._random.random()}")
        if self._random.random() < 0.4:
            self._move_in(name, contents)
        else:
            self._copy_in(name, contents)
        self._ledger.count("releases replaced")

    def _remove(self) -> None:
        if len(self._releases) < 2:
            return
        name = self._pick()
        self._releases.remove(name)
        if self._random.random() < 0.4:
            self._tree.at_once(name, None)
            self._away(self._tree.root / name)
            self._tree.done(name, gone=True)
        else:
            self._tree.begin(name)
            files = [path for path in (self._tree.root / name).rglob("*") if not path.is_dir()]
            for path in self._random.sample(files, len(files)):
                path.unlink()
                self._tree.step(name)
                self._pause()
            shutil.rmtree(self._tree.root / name)
            self._tree.end(name, None)
        self._ledger.count("releases removed")

    def _pick(self) -> str:
        """A release; often the highest, which devices are offered."""
        return self._releases[-1] if self._random.random() < 0.6 else self._random.choice(self._releases)

    def _contents(self, label: str) -> dict[str, bytes]:
        """Most files come in few variants: from one release to the next some change and some do not."""
        paths = {**PATHS, LARGE_PATH: LARGE_SIZE} if self._number == 0 else PATHS
        chooser = random.Random(f"{self._seed} {label}")
        return {
            path: noise(size, f"{self._seed} {path} {chooser.randrange(VARIANTS)}")
            for path, size in paths.items()
            if path == "flash/main.py" or chooser.random() < 0.9
        }

    def _move_in(self, name: str, contents: dict[str, bytes]) -> None:
        """In one step, with the file times of long ago."""
        ready = self._spare / f"ready-{self._number}"
        for path, data in contents.items():
            _write(ready / path, data)
            os.utime(ready / path, (1_600_000_000, 1_600_000_000))
        place = self._tree.root / name
        if place.exists():
            # Two steps: in between there is none.
            self._tree.at_once(name, None)
            self._away(place)
            self._tree.done(name, gone=True)
        self._tree.at_once(name, _hashes(contents))
        ready.rename(place)
        self._tree.done(name, gone=False)

    def _copy_in(self, name: str, contents: dict[str, bytes]) -> None:
        """File by file, each in halves, with pauses; and what is there and not in ``contents`` goes."""
        place = self._tree.root / name
        self._tree.learn(name, ((path, sha1(data)) for path, data in contents.items()))
        self._tree.begin(name)
        for path in self._random.sample(sorted(contents), len(contents)):
            file, data = place / path, contents[path]
            half = self._random.randint(0, len(data))
            self._tree.learn(name, [(path, sha1(data[:half]))])
            _write(file, data[:half])
            self._tree.step(name)
            self._pause()
            with file.open("ab") as stream:
                stream.write(data[half:])
            if self._random.random() < 0.3:
                os.utime(file, (1_600_000_000, 1_600_000_000))
            self._tree.step(name)
            self._pause()
        for file in place.rglob("*"):
            if not file.is_dir() and str(file.relative_to(place)) not in contents:
                file.unlink()
                self._tree.step(name)
        self._tree.end(name, _hashes(contents))

    def _pause(self) -> None:
        self._stopping.wait(self._random.uniform(0, PAUSE_SHARE * self._settle))

    def _away(self, place: Path) -> None:
        gone = self._spare / f"gone-{self._number}"
        place.rename(gone)
        shutil.rmtree(gone)

    # --- images and other files at the top

    def _image(self) -> None:
        if len(self._images) < 2:
            self._add_image()
            self._ledger.count("images added")
            return
        name = self._images.pop(0)
        self._tree.at_once(name, None)
        (self._tree.root / name).unlink()
        self._tree.done(name, gone=True)
        self._ledger.count("images removed")

    def _add_image(self) -> None:
        """In place, piece by piece: half an image must never be offered."""
        self._made += 1
        name = f"firmware_1.{self._made}.{self._number}.bin"
        data = noise(IMAGE_SIZE, f"{self._seed} {name}")
        self._tree.learn(name, [(name, sha1(data))])
        self._tree.begin(name)
        with (self._tree.root / name).open("wb", buffering=0) as stream:
            for start in range(0, IMAGE_SIZE, IMAGE_SIZE // 5):
                stream.write(data[start : start + IMAGE_SIZE // 5])
                self._tree.step(name)
                self._pause()
        self._tree.end(name, {name: sha1(data)})
        self._images.append(name)

    def _beside(self) -> None:
        """Replaces a file outside the releases, which is served as it is."""
        name = f"notes-{self._number}.bin"
        data = noise(self._random.choice((100, 300_000)), f"{self._seed} {name} {self._random.randrange(VARIANTS)}")
        (self._spare / name).write_bytes(data)
        self._tree.at_once(name, {name: sha1(data)})
        (self._spare / name).replace(self._tree.root / name)
        self._tree.done(name, gone=False)
        self._ledger.count("other files replaced")

    # --- damage

    def _damage(self) -> None:
        name = self._pick()
        good = self._tree.files(name)
        path = self._random.choice(sorted(good))
        file = self._tree.root / name / path
        copy = self._spare / f"copy-{self._number}"
        shutil.copy2(file, copy)
        damage = self._random.choice(self._damages)
        damage(name, path, dict(good))
        self._ledger.count(f"fault: {damage.__name__.strip('_').replace('_', ' ')}")
        self._stopping.wait(self._settle * self._random.choice(DAMAGE_SHARES))
        self._tree.at_once(name, good)
        file.parent.chmod(0o755)
        if file.is_dir() and not file.is_symlink():
            file.rmdir()
        copy.replace(file)
        self._tree.done(name, gone=False)

    def _harm(self, name: str, files: Files | None, steps: Callable[[], object]) -> None:
        self._tree.at_once(name, files)
        steps()
        self._tree.done(name, gone=files is None)

    def _vanish(self, name: str, path: str, files: Files) -> None:
        del files[path]
        self._harm(name, files, (self._tree.root / name / path).unlink)

    def _directory_in_place(self, name: str, path: str, files: Files) -> None:
        del files[path]
        file = self._tree.root / name / path

        def put() -> None:
            file.unlink()
            file.mkdir()

        self._harm(name, files, put)

    def _dangling_link(self, name: str, path: str, _: Files) -> None:
        self._harm(name, None, lambda: self._link(name, path, "nowhere"))

    def _link_outside(self, name: str, path: str, _: Files) -> None:
        outside = self._spare / f"outside-{self._number}.bin"
        outside.write_bytes(b"nobody may read this from outside\n")
        self._harm(name, None, lambda: self._link(name, path, outside))

    def _link_inside(self, name: str, path: str, files: Files) -> None:
        other = self._random.choice([other for other in sorted(files) if other != path])
        files[path] = files[other]
        top = self._tree.root / name
        target = os.path.relpath(top / other, (top / path).parent)
        self._harm(name, files, lambda: self._link(name, path, target))

    def _truncate(self, name: str, path: str, files: Files) -> None:
        file = self._tree.root / name / path
        data = file.read_bytes()
        half = len(data) // 2
        files[path] = sha1(data[:half])
        self._harm(name, files, lambda: os.truncate(file, half))

    def _flip(self, name: str, path: str, files: Files) -> None:
        """One byte, with size and file time as before."""
        file = self._tree.root / name / path
        status, data = file.stat(), bytearray(file.read_bytes())
        data[-1:] = bytes(byte ^ 1 for byte in data[-1:])
        files[path] = sha1(bytes(data))

        def write() -> None:
            with file.open("r+b") as stream:
                stream.seek(-len(data[-1:]), os.SEEK_END)
                stream.write(data[-1:])
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

        self._harm(name, files, write)

    def _unreadable_file(self, name: str, path: str, _: Files) -> None:
        self._harm(name, None, lambda: (self._tree.root / name / path).chmod(0))

    def _unreadable_directory(self, name: str, path: str, _: Files) -> None:
        self._harm(name, None, lambda: (self._tree.root / name / path).parent.chmod(0))

    def _link(self, name: str, path: str, target: str | Path) -> None:
        link = self._spare / f"link-{self._number}"
        link.symlink_to(target)
        link.replace(self._tree.root / name / path)


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def _hashes(contents: dict[str, bytes]) -> Files:
    return {path: sha1(data) for path, data in contents.items()}
