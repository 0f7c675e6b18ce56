"""A server that knows the protocol and lies: nothing that was not signed reaches a device with keys (T4 to T7).

Each attack is one update against answers with one to three lies in them, drawn by its number alone.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from answers import answering
from board import INSTALL, INSTALLED, Board, tree
from content import sha1, sha256
from signed_device import NOW, RELEASES, board_of, image_of, release_of, served, sign
from signing import OFFICE, ROOT_KEY, STRANGER, Waybill, keys, signed

# `make attack` has more.
ATTACKS = int(os.environ.get("ATTACKS", "100"))
BATCH = 50  # updates of one MicroPython
TARGET = tree(RELEASES / "1.0.1")
OLD_IMAGE, IMAGE = ((RELEASES / f"firmware_{version}.bin").read_bytes() for version in ("1.0.0", "1.0.1"))
DOCUMENTS = ("/1.0.1.waybill", "/1.0.1.waybill.sig", "/firmware_1.0.1.bin.waybill", "/firmware_1.0.1.bin.waybill.sig")

Files = dict[str, bytes]
Lie = Callable[[random.Random, Files], None]


def honest() -> Files:
    """What the operator has signed, of the release before and of another product too."""
    files = sign(served(), release_of("1.0.1", needs="1.0.1"), image_of("1.0.1", sequence=3))
    sign(files, release_of("1.0.0", sequence=16), image_of("1.0.0", sequence=2))
    for name, document in (
        ("other", release_of("1.0.1", product="other")),
        ("older", release_of("1.0.1", sequence=1, needs="1.0.1")),
    ):
        files |= {
            path.replace("1.0.1", name): data for path, data in signed("1.0.1", document.render(), OFFICE).items()
        }
    return files


def changed(draw: random.Random, data: bytes) -> bytes:
    """With one mistake, of a link or of somebody who tries."""
    # Equal lines may change places.
    while (other := mistaken(draw, data)) == data:
        pass
    return other


def mistaken(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data) or 1)
    lines = data.splitlines(keepends=True)
    line = draw.randrange(len(lines) or 1)
    other = draw.randrange(len(lines) or 1)
    swapped = list(lines)
    if lines:
        swapped[line], swapped[other] = lines[other], lines[line]
    return draw.choice(
        (
            data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :] if data else b"\n",
            data[:at] + draw.randbytes(1) + data[at:],
            data[:at] + data[at + 1 :],
            data[:at],
            data + draw.choice((b"\n", b"\0", b" ", data)),
            b"".join(swapped),
            b"".join(lines[: line + 1] + lines[line:]),
            b"".join(lines[:line] + lines[line + 1 :]),
            data.replace(b"\n", b"\r\n"),
        )
    )


def change_document(draw: random.Random, files: Files) -> None:
    path = draw.choice(DOCUMENTS)
    if path in files:
        files[path] = changed(draw, files[path])


def change_manifest_bytes(draw: random.Random, files: Files) -> None:
    if "/manifest.json" in files:
        files["/manifest.json"] = changed(draw, files["/manifest.json"])


def change_file(draw: random.Random, files: Files) -> None:
    path = draw.choice([path for path in files if path.startswith("/1.0.1/") or path.endswith("1.0.1.bin")])
    files[path] = changed(draw, files[path])


def swap(draw: random.Random, files: Files) -> None:
    """One signed thing in the place of another."""
    one, other = draw.choice((DOCUMENTS, sorted(files))), sorted(files)
    files[draw.choice(one)] = files[draw.choice(other)]


def replay(draw: random.Random, files: Files) -> None:
    """Documents that once counted, or count elsewhere."""
    name = draw.choice(("1.0.0", "other", "older", "firmware_1.0.0.bin"))
    target = draw.choice(("1.0.1", "firmware_1.0.1.bin"))
    for end in (".waybill", ".waybill.sig"):
        if f"/{name}{end}" in files:  # another lie may have dropped it
            files[f"/{target}{end}"] = files[f"/{name}{end}"]


def drop(draw: random.Random, files: Files) -> None:
    files.pop(draw.choice(sorted(files)))


def sign_as_stranger(draw: random.Random, files: Files) -> None:
    """Another release, signed by who has no right to."""
    waybill = Waybill({**TARGET, "flash/main.py": b"import evil"}, sequence=18).render()
    files.update(signed("1.0.1", waybill, draw.choice((STRANGER, ROOT_KEY))))


def give_keys(draw: random.Random, files: Files) -> None:
    """Keys of the attacker's, or the operator's next ones with a mistake."""
    number = draw.choice((2, 2, 3))
    mine = keys(number, release=(STRANGER,), root=(draw.choice((ROOT_KEY, STRANGER)),))
    files.update(signed(f"keys/{number}", mine, draw.choice((STRANGER, OFFICE))))
    if draw.random() < 0.5:
        files.update(signed("keys/2", keys(2), ROOT_KEY))
        path = draw.choice(("/keys/2.waybill", "/keys/2.waybill.sig"))
        files[path] = changed(draw, files[path])


def with_manifest(change: Callable[[random.Random, dict, Files], None]) -> Lie:
    def lie(draw: random.Random, files: Files) -> None:
        try:
            manifest = json.loads(files["/manifest.json"])
        except (KeyError, ValueError):  # another lie was there before
            return
        if isinstance(manifest, dict) and {"new", "update", "delete"} <= set(manifest):
            change(draw, manifest, files)
            files["/manifest.json"] = json.dumps(manifest, sort_keys=True).encode()

    return lie


def entry_of(path: str, content: bytes) -> dict[str, object]:
    url = f"http://10.1.1.1:8000/1.0.1/{path}"
    return {"URL": url, "dst_path": path, "hash": sha1(content), "size": len(content)}


@with_manifest
def own_content(draw: random.Random, manifest: dict, files: Files) -> None:
    """A manifest that agrees with what the attacker puts there."""
    entries = manifest["new"] + manifest["update"]
    if not entries:
        return
    entry = draw.choice(entries)
    path = "/1.0.1/" + str(entry["dst_path"])
    content = draw.choice((bytes(int(entry.get("size", 9))), b"import evil", files.get(path, b"") + b"#"))
    files[path] = content
    entry.update(entry_of(str(entry["dst_path"]), content))
    if draw.random() < 0.2:
        del entry["size"]


@with_manifest
def own_file(draw: random.Random, manifest: dict, files: Files) -> None:
    """A file more, or one that the release has, once more."""
    path = draw.choice(("flash/lib/zone.py", "flash/boot.py", "flash/OTA.py", "flash/lib/lib_a.mpy", *sorted(TARGET)))
    files["/1.0.1/" + path] = b"import evil"
    where = draw.choice(("new", "update"))
    manifest[where] = sorted([*manifest[where], entry_of(path, b"import evil")], key=lambda one: str(one["dst_path"]))


@with_manifest
def fewer(draw: random.Random, manifest: dict, files: Files) -> None:
    """What is to change does not, so old and new are mixed."""
    where = draw.choice(("new", "update", "delete"))
    if manifest[where]:
        manifest[where].pop(draw.randrange(len(manifest[where])))


@with_manifest
def deletes(draw: random.Random, manifest: dict, files: Files) -> None:
    paths = draw.sample(sorted({*TARGET, "flash/waybill/keys", "flash/user.txt"}), 2)
    manifest["delete"] = sorted({*manifest["delete"], *paths})


@with_manifest
def other_head(draw: random.Random, manifest: dict, files: Files) -> None:
    field, values = draw.choice(
        (
            ("version", ("1.0.0", "1.0.2", "9.9.9", "v1.0.1")),
            ("previous_version", (None, "1.0.1", "0.9.0")),
            ("full", (True,)),
            ("format", (1, 3)),
            ("firmware", (None,)),
        )
    )
    manifest[field] = draw.choice(values)


@with_manifest
def other_firmware(draw: random.Random, manifest: dict, files: Files) -> None:
    image = draw.choice((bytes(len(IMAGE)), IMAGE + b"\0", files.get("/firmware_1.0.0.bin", b"")))
    if isinstance(manifest.get("firmware"), dict):
        manifest["firmware"].update({"hash": sha1(image), "size": len(image)})
        files["/firmware_1.0.1.bin"] = image


@with_manifest
def it_runs(draw: random.Random, manifest: dict, files: Files) -> None:
    """The image that the release needs is said to be the one that the device has."""
    if isinstance(manifest.get("firmware"), dict):
        manifest["firmware"].update({"hash": sha1(OLD_IMAGE), "size": len(OLD_IMAGE)})
        manifest["firmware"]["URL"] = str(manifest["firmware"]["URL"]).replace("1.0.1", draw.choice(("1.0.1", "1.0.0")))


@with_manifest
def other_hashes(draw: random.Random, manifest: dict, files: Files) -> None:
    """Of files that are as they were signed."""
    for entry in manifest["new"] + manifest["update"]:
        entry["hash"] = sha1(draw.randbytes(1))


@with_manifest
def first_format(draw: random.Random, manifest: dict, files: Files) -> None:
    """It has no sizes."""
    manifest.pop("format", None)
    for entry in [*manifest["new"], *manifest["update"], manifest.get("firmware")]:
        if isinstance(entry, dict):
            entry.pop("size", None)


LIES: tuple[Lie, ...] = (
    change_document,
    change_document,
    change_manifest_bytes,
    change_file,
    swap,
    replay,
    drop,
    sign_as_stranger,
    give_keys,
    own_content,
    own_file,
    fewer,
    deletes,
    other_head,
    other_firmware,
    it_runs,
    other_hashes,
    first_format,
)


def attack(number: int) -> Files:
    draw = random.Random(f"liar {number}")
    files = honest()
    for lie in draw.choices(LIES, k=draw.choice((1, 1, 1, 2, 3))):
        lie(draw, files)
    return files


class Liar(dict):  # type: ignore[type-arg]
    """The files of a server, other ones for each update: what an update asks for first are the next keys."""

    number = 0

    def get(self, path: str, default: bytes | None = None) -> bytes | None:
        if path == "/keys/2.waybill":
            self.number += 1
            self.files = attack(self.number)
        return self.files.get(path, default)


def kept(board: Board) -> Files:
    """What no refused update may change: the release, and what the device knows of it."""
    known = ("keys", "keys0", "keys1", "version", "files", "signed", "signed.sig")
    files = board.files()
    return {path: data for path, data in files.items() if path in board.release() or path.split("/")[-1] in known}


def running_old_image(board: Board) -> Board:
    """Its record says so, by SHA-1, as an update before it had keys has left it."""
    record = board.root / "flash/waybill/files"
    text = record.read_text().split("\n= ")[0].replace('"firmware":null', f'"firmware":"{sha1(OLD_IMAGE)}"') + "\n"
    assert sha1(OLD_IMAGE) in text
    record.write_text(f"{text}= {sha256(text.encode())}\n")
    return board


def taken(board: Board, port: int) -> None:
    """It is installed: then it is what was signed, wholly."""
    assert board.run(port, *INSTALL[1:], now=NOW) == [*INSTALLED]
    own = {"flash/boot.py": board.release()["flash/boot.py"]}
    assert board.release() in [{**tree(RELEASES / version), **own} for version in ("1.0.0", "1.0.1")]
    if (board.root / "flash/main.py").read_bytes() == TARGET["flash/main.py"]:
        image = board.root / (board.root / "boot").read_text()
        assert image.read_bytes()[: len(IMAGE)] == IMAGE


def test_lies(tmp_path: Path) -> None:
    liar = Liar()
    codes: Counter[str] = Counter()
    with answering(liar) as server:
        while liar.number < ATTACKS:
            board = running_old_image(board_of(tmp_path / str(liar.number)))
            before = kept(board)
            first = liar.number + 1
            steps = [("update", {"now": NOW})] * min(BATCH, ATTACKS - liar.number)
            for number, result in enumerate(board.run(server.port, *steps), first):
                if isinstance(result, str):
                    taken(board, server.port)
                    codes["installed"] += 1
                    liar.number = number
                    break
                codes[result["code"] if result else "nothing to do"] += 1
            else:
                assert liar.number == number
                assert kept(board) == before
    assert sum(codes.values()) == ATTACKS
    assert len(codes) > 10, codes
