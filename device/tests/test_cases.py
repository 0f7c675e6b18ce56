"""Cases that have cost a device, or could: each as it happens, on the model of a board."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import device_model
import pytest
from board import DEVICE, TESTS, micropython
from content import sha1
from scripted import response, scripted

LITTLEFS, FAT = "littlefs", "FAT"
BOTH = (LITTLEFS, FAT)


class Case(NamedTuple):
    what: str
    kinds: tuple[str, ...]
    expected: Any


THERE_AND_BACK = [None, "1.0.1", "1.0.0", "1.0.1"]

CASES = {
    1: Case(
        "sensors.py becomes sensors/__init__.py; the link dies after 30 of 200 KB",
        BOTH,
        {"said": "link", "cut off": "1.0.0", "then": "1.0.1", "comes again": False},
    ),
    2: Case(
        "flash/config/ would hide the user's config.py",
        BOTH,
        {"said": "path_conflict", "is on": "1.0.0", "came of it": False},
    ),
    3: Case("foo/__init__.py becomes foo.py", BOTH, THERE_AND_BACK),
    4: Case(
        "flash/config becomes flash/config/app.json, and back",
        BOTH,
        [*THERE_AND_BACK, None, "1.0.2", "1.0.1", "1.0.2"],
    ),
    5: Case("the server has forgotten the device's release", BOTH, [None, "1.2.0", [], True, "1.2.0"]),
    6: Case("1.1.0-rc.1 before 1.1.0, as SemVer has it", BOTH, [None, "1.1.0", True]),
    7: Case(
        "half a release is rolled back, then the whole one of that name comes",
        BOTH,
        [None, None, "refused", None, "1.0.1", True, "1.0.1"],
    ),
    8: Case(
        "ESP32: firmware and files are rolled back, and two resets later",
        BOTH,
        ["1.0.1", "1.0.0", "1.0.0", "1.0.0"],
    ),
    9: Case("the flash is full in the trial, and the power goes while a start is counted", BOTH, [True, "1.0.0", {}]),
    10: Case("the card is full in the trial", BOTH, [None, "1.0.0"]),
    11: Case("one read fails, at any point", BOTH, [[16, {}]] * 3 + ["1.0.0"]),
    12: Case(
        "a firmware with other .mpy files, cut anywhere; and one that never starts",
        BOTH,
        [{}, True, {}, "1.0.0", "1.0.0"],
    ),
    13: Case("a boot.py that is no Python", BOTH, [None, "1.0.1", "1.0.0", "boot_invalid", "1.0.0"]),
    14: Case("a release without the client", BOTH, [None, True, "1.0.1", None, True, "1.0.2"]),
    15: Case(
        "an image of 250 KB over a link that dies",
        BOTH,
        [[None, True, "1.0.1"], ["link", None, True, "1.0.1"]],
    ),
    16: Case("a WiFi that is not there, and then is", (LITTLEFS,), ["wifi", None]),
    17: Case("confirm() before the release has started", BOTH, ["1.0.1", "not_started", True, "1.0.1"]),
    18: Case("a read or a write fails in confirm(), which is called again", BOTH, [True, {}]),
    19: Case(
        "the card is taken out in the trial, and comes back after another update",
        BOTH,
        ["1.0.0", None, True, "1.0.2", "1.0.2"],
    ),
    20: Case(
        "wakes from deep sleep before the release is confirmed: four, and without end",
        BOTH,
        [["trial", "1.0.1", "1.0.0"]] * 2,
    ),
    21: Case(
        "the application's own .new and .bak beside the release's files",
        BOTH,
        [None, "1.0.1", None, "1.0.0", None, True, "1.0.1"],
    ),
    22: Case("a byte of a journal is damaged, at any point of an installation", BOTH, [True, {}, {}]),
    23: Case("a name on the card that is no UTF-8", BOTH, THERE_AND_BACK),
    24: Case("Ä.txt becomes Î.txt, 中.txt becomes 席.txt, on a FAT card", (FAT,), [[None, "1.0.1", True, "1.0.1"]] * 2),
    25: Case("Tone.txt stays and tone.txt comes, on a FAT card", (FAT,), [["path_case", "1.0.0"]] * 2),
    26: Case("a user's names that look like FAT's short ones", (FAT,), THERE_AND_BACK),
    27: Case("littlefs counts 40 directories twice", (LITTLEFS,), [True, None, "1.0.1", True, "1.0.1"]),
    28: Case("littlefs says that less than nothing is free", (LITTLEFS,), [True, "space", "1.0.0"]),
    29: Case("names of 252 to 255 bytes", BOTH, THERE_AND_BACK),
    30: Case("a directory that the application has made", BOTH, ["1.0.0", "1.0.1"]),
    31: Case("headers that are long, many, no UTF-8, and early hints", (LITTLEFS,), [None] * 4),
    32: Case("a path above U+FFFF, as escapes", BOTH, [None, "1.0.1", True, "1.0.1"]),
    33: Case("a server that does not answer, and a watchdog", (LITTLEFS,), ["timeout", True]),
    34: Case(
        "a static server, which does not know who asks, with sizes and without",
        BOTH,
        [[None, "1.0.0", True, "1.0.0"]] * 2,
    ),
    35: Case("a MicroPython without hashlib.sha1", BOTH, ["None", "sha1_missing", True, "None", "1.0.0"]),
    36: Case("20 new files in 20 new directories", (LITTLEFS,), ["None, all, 1.0.1", "space, 0, 1.0.0"]),
    37: Case(
        "a tool's soft resets before the release is confirmed: four, and without end",
        BOTH,
        [["trial", "1.0.1", "1.0.0"]] * 2,
    ),
    38: Case("a watchdog, and a file of 300 KB on FAT", (FAT,), [None, "1.0.1", True, "1.0.1", 0]),
    39: Case("a poll that finds nothing", BOTH, [None, 0]),
    40: Case(
        "a release brings a recovery that does not run, cut anywhere in confirm()",
        BOTH,
        [True, {}, None, True, "1.0.2"],
    ),
    41: Case(
        "a card that fails for ever from the trial on, and then works again",
        BOTH,
        ["1.0.0", "not_confirmed; left: sd", "mount_missing", None, True, "1.0.3", "1.0.3"],
    ),
    42: Case(
        "littlefs with just enough room, by each thing that takes some",
        (LITTLEFS,),
        ["None, 1.0.0, not_confirmed", "space, 1.0.0, None"],
    ),
    43: Case("a read fails in a rename", (LITTLEFS,), [True, {}]),
    44: Case("the power goes while a start is counted, on a FAT that is full: the trial goes on", (FAT,), [True, {}]),
    45: Case("many files and directories, and a watchdog", (LITTLEFS,), [None, True, "1.0.1", True]),
    46: Case("the application writes where a file of the old release was", BOTH, [None, "1.0.0"]),
    47: Case("the power goes while files of a second littlefs are put in place", (LITTLEFS,), [True, {}]),
    48: Case(
        "a card that comes back, and what is left of the client on it cannot be read",
        BOTH,
        ["left: sd", None, True, "1.0.2"],
    ),
    49: Case(
        "an image of 250 KB on Pycom, 100 KB with each call; a restart, or another image after the first",
        BOTH,
        [[None, 3, 25, "1.0.1"], [None, 4, 35, "1.0.1"], [None, 4, 35, "1.0.1"]],
    ),
    50: Case("a read fails where a part of the recovery is loaded in a trial", (FAT,), [True, {}]),
    51: Case("a card goes between new firmware and new files", BOTH, ["1.0.0", "mount_missing: sd; left: sd", "1.0.0"]),
    52: Case("just enough room, and a link that dies in an image", (FAT,), [True, ["link"], None, "1.0.1", False]),
    53: Case("a read fails in the removal of a directory", (LITTLEFS,), [True, {}] * 3),
    54: Case("just enough room, and a link that dies in a large file", BOTH, [True, ["link"], None, "1.0.1", False]),
    55: Case("a write fails in the way back of firmware and files", BOTH, [True, {}]),
    56: Case("just enough room, and a link that dies in a patch", BOTH, [True, ["link"], None, "1.0.1", False]),
    57: Case("the power goes in the way back without the card, which is back then", BOTH, [True, {}]),
    58: Case("a read fails where a directory goes on a second littlefs that was away", BOTH, [True, {}] * 2),
    59: Case("a directory becomes a file, and the other way round: what is free is free", BOTH, ["link", 0]),
    60: Case("a read fails where update() removes a directory on such a littlefs", BOTH, [True, {}, [None, "flash"]]),
    61: Case("a card that is full, and out in the way back", BOTH, ["1.0.0", "1.0.0"]),
    62: Case("the power goes in the way back, which is no second failure", BOTH, [True, {}]),
    63: Case("what says what is left to do on a card is damaged", BOTH, [None, "plan_damaged", None, True, "1.0.2"]),
    64: Case(
        "another device's card in the way back, and after it", BOTH, [["another device's", "too", "1.0.0"], "1.0.0"] * 2
    ),
    65: Case("a journal of another format", BOTH, [None, "plan_damaged", None, True, "1.0.1"]),
    66: Case("a release with one file of its own in the client's package", BOTH, [None, True, None, True, "1.0.2"]),
    67: Case("flash and card are filled between update() and the start", BOTH, ["1.0.1", "1.0.1", "1.0.0"]),
    68: Case("a read fails in verify(), and in sleeps()", BOTH, [16, ["done", "failed", "flash"]]),
}


AS_SOURCE = (11, 18)
LONG = "X-Long: " + "x" * 4096
ETAG = f'ETag: "{sha1(b"null")}"'
ODD = [
    response(b"null", LONG, ETAG, "Connection: close"),
    response(b"null", *[f"X-{number}: {number}" for number in range(80)], ETAG, "Connection: close"),
    response(b"null", "Set-Cookie: caf\xe9=1", ETAG, "Connection: close").replace(b"\xc3\xa9", b"\xe9"),
    response(status="103 Early Hints", length=False) + response(b"null", ETAG, "Connection: close"),
]


@contextmanager
def odd_headers() -> Iterator[int]:
    with scripted(*[[answer] for answer in ODD]) as server:
        yield server.port


@contextmanager
def no_answer() -> Iterator[int]:
    """The queue of a listening socket is full, so a connection never comes about."""
    waiting: list[socket.socket] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        try:
            while not waiting or waiting[-1].connect_ex(listener.getsockname()) == 0:
                waiting.append(socket.socket())
                waiting[-1].settimeout(1)
            yield listener.getsockname()[1]
        finally:
            for one in waiting:
                one.close()


SERVERS = {31: odd_headers, 33: no_answer}


def run(client: Path, edition: str, number: int, kind: str) -> Any:
    if number not in SERVERS:
        return play(client, edition, number, kind)
    with SERVERS[number]() as port:
        return play(client, edition, number, kind, port)


def play(client: Path, edition: str, *arguments: object) -> Any:
    command = [micropython(), "-X", "heapsize=64M", str(TESTS / "cases" / "run.py"), str(client), edition]
    command += [str(argument) for argument in arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        return f"exit {done.returncode}: {(done.stdout + done.stderr)[-3000:]}"
    return json.loads(done.stdout.rstrip("\n").rsplit("\n", 1)[-1])


def source(directory: Path) -> Path:
    """The client in `directory` as source: in a .mpy file whose read fails MicroPython reads on without end, and only a
    watchdog would help."""
    built = device_model.build(directory)
    shutil.rmtree(built)
    for path in device_model.sources(DEVICE):
        (built / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DEVICE / path, built / path)
    return built


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return device_model.build(tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="module")
def client_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return source(tmp_path_factory.mktemp("source"))


PARAMETERS = [(number, kind) for number, case in CASES.items() for kind in case.kinds]


@pytest.mark.parametrize(("number", "kind"), PARAMETERS)
def test_case(client: Path, client_source: Path, number: int, kind: str) -> None:
    assert run(client_source if number in AS_SOURCE else client, "second", number, kind) == CASES[number].expected
