"""The package's reader of manifests, against the shared vectors, against Python's own JSON, and bad input."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import test_hostile
from board import DEVICE, TESTS
from package import BOOT, answers, run
from test_vectors import VECTORS, cases

HASH = "0123456789abcdef0123456789abcdef01234567"
BASE = "http://10.1.1.1:8000"


def entry(path: str, **more: object) -> dict[str, Any]:
    return {"URL": f"{BASE}/2/{path}", "dst_path": path, "hash": HASH, **more}


def good(**change: object) -> dict[str, Any]:
    lists = {"delete": ["flash/a"], "new": [entry("flash/b")], "update": [entry("flash/c"), entry("sd/d")]}
    return {**lists, "previous_version": "1", "version": "2", **change}


def text(manifest: dict[str, Any]) -> bytes:
    return json.dumps(manifest, sort_keys=True).encode()


def model(document: bytes) -> dict[str, Any]:
    """What the reader should yield for a manifest that is right, by Python's JSON."""
    read = json.loads(document)
    if read is None:
        rest = {"version": None, "previous_version": None, "full": False, "total_size": None, "sized": None}
        return {"items": [], "rest": {**rest, "null": True}}

    def request(value: dict[str, Any]) -> str:
        return re.sub("^https?://[^/]+/", "", value["URL"])

    def target(value: dict[str, Any]) -> list[Any]:
        patch = value.get("patch")
        if patch:
            base_size = [patch["base_size"]] if "base_size" in patch and "dst_path" not in value else []
            patch = [patch["size"], patch.get("base"), patch["hash"], request(patch), *base_size]
        return [value.get("size"), value["hash"], request(value), patch]

    items: list[list[Any]] = []
    for key, value in read.items():
        if key == "delete":
            items += [[key, number, path] for number, path in enumerate(value)]
        elif key in ("new", "update", "keep"):
            items += [[key, i, [item["dst_path"].removeprefix("/"), *target(item)]] for i, item in enumerate(value)]
        elif key == "firmware":
            items.append([key, 0, target(value)])
    rest = {"full": False, "total_size": None, **read, "sized": "total_size" in read, "null": False}
    names = ("version", "previous_version", "full", "total_size", "sized", "null")
    return {"items": items, "rest": {name: rest[name] for name in names}}


def test_version_vectors(tmp_path: Path) -> None:
    """V3 alone: which of two versions is higher is the server's to say."""
    wanted = cases("version")
    found = answers(tmp_path, "version", [case["input"][side] for case in wanted for side in ("left", "right")])
    for case, left, right in zip(wanted, found[::2], found[1::2]):
        assert left.get("code", right.get("code")) == case.get("code"), case["name"]


def test_path_vectors(tmp_path: Path) -> None:
    wanted = cases("path")
    found = answers(tmp_path, "path", [case["input"] for case in wanted])
    for case, answer in zip(wanted, found):
        answer.pop("detail", None)
        assert answer == ({"ok": case["ok"]} if "ok" in case else {"code": case["code"]}), case["name"]


# Where a device answers otherwise than the engine: it stops at 16 levels, does not keep the keys that it does not know,
# reads an entry with json.loads (D22), wants the lists sorted (P3), and takes `null` for "nothing to do".
OF_THE_DEVICE = {
    "unknown-field-nested": "json_invalid",
    "unknown-field-nested-deep": "json_invalid",
    "json-key-twice-escaped": None,
    "size-twice": None,
    "json-escapes": "path_order",
    "json-null": None,
}


def test_manifest_vectors(tmp_path: Path) -> None:
    found = []
    for name in ("parse", "parse-errors", "parse-patch"):
        found += json.loads((VECTORS / "manifest" / f"{name}.json").read_text("utf-8"))
    parsed = [(case["name"], case["input"]["parse"], case.get("code")) for case in found]
    verified = [case for case in cases("verify") if "manifest" in case["input"]]
    parsed += [(case["name"], case["input"]["manifest"], case.get("code")) for case in verified]
    documents = [document.encode() for _, document, _ in parsed]
    wrong = []
    for (name, document, code), answer in zip(parsed, answers(tmp_path, "manifest", documents)):
        code = OF_THE_DEVICE.get(name, code)
        wanted = {"code": code} if code else {"ok": model(document.encode())}
        if answer != wanted and answer.get("code", "") != code:
            wrong.append(f"{name}: {str(answer)[:300]}, not {str(wanted)[:300]}")
    assert not wrong, "\n".join(wrong)


# What the plan refuses, and not the reader.
OF_THE_PLAN = {"version_not_higher", "previous_version", "path_duplicate", "firmware_unsupported"}


FIRMWARE = {"URL": f"{BASE}/firmware_2.bin", "hash": HASH, "size": 4}


def patch(**change: object) -> dict[str, Any]:
    return {"URL": f"{BASE}/delta/{HASH}", "hash": HASH, "size": 3, **change}


# X3
PATCHES: list[tuple[Any, str, str]] = [
    (None, "field_type", "update[0].patch"),
    ("x", "field_type", "update[0].patch"),
    ([patch()], "field_type", "update[0].patch"),
    ({**patch(), "URL": 1}, "field_type", "update[0].patch.URL"),
    (patch(URL="x"), "url_invalid", "update[0].patch.URL"),
    (patch(hash="x"), "digest_invalid", "update[0].patch.hash"),
    (patch(base=HASH.upper()), "digest_invalid", "update[0].patch.base"),
    (patch(size=-1), "field_type", "update[0].patch.size"),
    (patch(size=None), "field_type", "update[0].patch.size"),
    ({"URL": f"{BASE}/delta/x", "size": 3}, "field_missing", "update[0].patch.hash"),
]


def test_fields(tmp_path: Path) -> None:
    rows = [row for row in test_hostile.FIELDS if row[1] not in OF_THE_PLAN]
    rows += [
        ({"full": 1}, "field_type", "full"),
        ({"full": None}, "field_type", "full"),
        ({"total_size": 5}, "field_missing", "update[0].size"),
        ({"total_size": -1}, "field_type", "total_size"),
        ({"keep": {}}, "field_type", "keep"),
        ({"keep": ["flash/x"]}, "field_type", "keep[0]"),
        ({"keep": [entry("flash/b"), entry("flash/a")]}, "path_order", "flash/a"),
        ({"keep": [entry("flash/../a")]}, "path_segment", "flash/../a"),
        ({"delete": ["flash/b", "flash/a"]}, "path_order", "flash/a"),
        ({"new": [], "update": [], "firmware": {"URL": "x", "hash": HASH}}, "url_invalid", "firmware.URL"),
        ({"previous_version": "latest"}, "version_start", "latest"),
        *(({"update": [entry("flash/c", size=1, patch=patch)]}, *rest) for patch, *rest in PATCHES),
        (
            {"new": [], "update": [], "firmware": {**FIRMWARE, "patch": patch(base=HASH)}},
            "field_missing",
            "firmware.patch.base_size",
        ),
        ({"new": [entry("sd/\ud83d")]}, "json_invalid", "a string that is not UTF-8"),
    ]
    manifests = [text({**good(), "new": [], **change}) for change, _, _ in rows]
    for (change, code, detail), found in zip(rows, answers(tmp_path, "manifest", manifests)):
        assert (found["code"], found["detail"][: len(detail)]) == (code, detail), change


@pytest.mark.parametrize("field", ["delete", "new", "update", "keep"])
def test_paths(tmp_path: Path, field: str) -> None:
    paths = {path: code for path, code in test_hostile.PATHS.items() if code.startswith("path_")}
    rules = {"path_segment", "path_absolute", "path_backslash", "path_control", "path_empty", "path_segment_too_long"}
    manifests = [text(good(**{field: [path if field == "delete" else entry(path)]})) for path in paths]
    for (path, code), found in zip(paths.items(), answers(tmp_path, "manifest", manifests)):
        assert found.get("code") == (code if code in rules else None), path


def test_texts(tmp_path: Path) -> None:
    found = answers(tmp_path, "manifest", list(test_hostile.TEXTS))
    for (document, code), answer in zip(test_hostile.TEXTS.items(), found):
        assert answer["code"] == code, document[:99]


@pytest.mark.parametrize(
    "start", [b'"', b'{"', b'{"x": "', b'{"delete": ["', b'{"new": [{"x": "', b'{"new": [{', b"{["]
)
def test_what_is_too_long_is_not_read_to_its_end(tmp_path: Path, start: bytes) -> None:
    (answer,) = answers(tmp_path, "manifest", [start + 100_000 * b"x" + b'"'])
    assert answer["code"] == "json_invalid"
    assert answer["read"] < 17_000


MORE_TEXTS: dict[bytes, str] = {
    # In each place where a manifest can end too early.
    **{text(good())[:length]: "json_invalid" for length in range(len(text(good())))},
    b'{"delete": ["a\\u12g4"]}': "json_invalid",
    b'{"delete": ["a\\"]}': "json_invalid",
    b'{"delete": ["a\nb"]}': "json_invalid",
    b'{"delete": ["\xc0\x80"]}': "json_invalid",
    b'{"delete": ["\xed\xa0\xbd\xed\xb2\xa1"]}': "json_invalid",  # a pair of surrogates, but not as escapes
    b'{"delete": ["\\ud83d\\ud83d"]}': "json_invalid",
    b'{"delete": ["\\udca1\\ud83d"]}': "json_invalid",
    b'{"new": [{"x": "\xff"}]}': "json_invalid",
    b'{"new": [{"x": {"y": "\xff"}}]}': "json_invalid",
    b'{"new": [{"x": ' + b"[" * 18 + b"]" * 18 + b"}]}": "json_invalid",
    b'{"new": [{"x": "' + b"x" * 20000 + b'"}]}': "json_invalid",
    b'{"new": [{"x": "' + b"}" * 20000 + b'"}]}': "json_invalid",
    b'{"new": [{{"a": 1]: 2}]}': "json_invalid",
    b'{"new": [{{]: 2}]}': "json_invalid",
    b'{"new": [{"x": {"y": 1]}]}': "json_invalid",
    b'{"new": [{"URL": ""} {"URL": ""}]}': "field_missing",
    b'{"x": ' + b" " * 5000 + b"nul}": "json_invalid",
    b"nul": "json_invalid",
    b"null\n\n": "",
    b'{"total_size": 123456789012345678901234567890123}': "size_too_big",
    b'{"total_size": 12345678901234567890}': "size_too_big",
}


def test_more_texts(tmp_path: Path) -> None:
    found = answers(tmp_path, "manifest", list(MORE_TEXTS))
    for (document, code), answer in zip(MORE_TEXTS.items(), found):
        assert answer.get("code", "") == code, document[:99]


GOOD: dict[str, bytes] = {
    "format 1": text(good()),
    "full": text(good(full=True)),
    "not full": text(good(full=False)),
    "no list before": text(good(previous_version=None)),
    "format 2": text(
        good(
            new=[entry("flash/b", size=0)],
            update=[entry("flash/c", size=2**53 - 1)],
            keep=[entry("/flash/config.json", size=3)],
            firmware=FIRMWARE,
            total_size=7,
        )
    ),
    "format 3": text(
        good(
            new=[entry("flash/b", size=9, patch=patch())],
            update=[entry("flash/c", size=9, patch=patch(base=HASH)), entry("sd/d{}", size=4)],
            firmware={**FIRMWARE, "patch": patch(base=HASH, base_size=5)},
            total_size=7,
        )
    ),
    "a patch, read value by value": text(
        good(new=[], update=[entry("flash/}", size=9, patch=patch(x={}))], total_size=3)
    ),
    "nothing but a size": text(good(new=[], update=[], total_size=0)),
    "null": b" null\n",
    "indented": json.dumps(good(), indent=4).encode(),
    "other ends of lines": json.dumps(good(), indent=4).replace("\n", "\r\n\t").encode(),
    "braces and brackets in names": text(good(new=[entry("flash/a}{]["), entry("flash/}}}}")], keep=[entry("sd/[")])),
    "quotes and backslashes": text(good(new=[entry('flash/"', x='\\"\\\\"'), entry("flash/a", x="\\\\")])),
    "objects and arrays in an entry": text(
        good(new=[entry("flash/a", A={"hash": [1, {}]}, z=[{"URL": 1.5}, -1, None])])
    ),
    "an entry of 20 KB": text(good(new=[entry("/".join(["flash", *["x" * 255] * 15]), A="y" * 16000)])),
    "an unknown list of 50 KB": text(good(a=[entry(f"flash/{number}") for number in range(400)])),
    "UTF-8": json.dumps(good(delete=["sd/größe/日本.txt", "sd/😀"]), ensure_ascii=False).encode(),
    "escapes": text(good(delete=["sd/größe/日本.txt", "sd/\u00a0", "sd/😀/💡"], new=[entry("sd/é💡")])),
}
# M2: URLs are ASCII.
GOOD["escapes"] = GOOD["escapes"].replace(b"/2/sd/\\u00e9\\ud83d\\udca1", b"/2/sd/%C3%A9%F0%9F%92%A1")


@pytest.mark.parametrize("chunk", [5, 1024])
def test_good_ones(tmp_path: Path, chunk: int) -> None:
    for name, answer in zip(GOOD, answers(tmp_path, "manifest", list(GOOD.values()), buffer=chunk)):
        assert answer == {"ok": model(GOOD[name])}, name


def test_escapes_name_the_same_path(tmp_path: Path) -> None:
    escaped, plain = (json.dumps(good(delete=["sd/💡"]), ensure_ascii=ascii).encode() for ascii in (True, False))
    assert b"\\ud83d\\udca1" in escaped
    found = answers(tmp_path, "manifest", [escaped, plain])
    assert found[0] == found[1]
    assert found[0]["ok"]["items"][0] == ["delete", 0, "sd/💡"]


def test_loops(tmp_path: Path) -> None:
    """D22: nothing goes through a loop in Python by the byte. An entry here has 120 of them, or 400."""
    (tmp_path / "airwaybill_boot.py").write_text(BOOT % 1024)
    (tmp_path / "plain").write_bytes(text(good(new=[entry(f"flash/lib/{n:04}") for n in range(1000)])))
    nested = [entry(f"flash/{{}}/{n:04}/{'x' * 200}", A={"a": []}) for n in range(1000)]
    (tmp_path / "nested").write_bytes(text(good(new=nested)))
    (tmp_path / "delete").write_bytes(text(good(delete=[f"flash/{n:04}/{'x' * 200}" for n in range(1000)])))
    command = [
        sys.executable,
        TESTS / "loops.py",
        DEVICE,
        tmp_path,
        *(tmp_path / name for name in ("plain", "nested", "delete")),
    ]
    plain, nested, delete = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert plain < 12 * 1000
    assert nested < 65 * 1000
    assert delete < 12 * 1000


PIECES = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b":",
    b"\\",
    b"\\n",
    b"null",
    b"1",
    b"-1",
    b"0.5",
    b"true",
    b"{}",
    b"[]",
    b"\xc3",
    b"\xed",
]
PIECES += [b"\\ud83d", b"\\u0041", b"flash/a", b"..", b"/", b'"size": 3,', b'"hash"', b'"dst_path"', b'"full": true,']


def mutated(draw: random.Random, document: bytes) -> bytes:
    for _ in range(draw.randrange(1, 4)):
        start = draw.randrange(len(document) + 1)
        end = min(len(document), start + draw.choice([0, 0, 1, 1, 1, 2, 9, 70]))
        piece = draw.choice([b"", draw.choice(PIECES), draw.choice(PIECES), document[end : end + draw.randrange(90)]])
        document = document[:start] + piece + document[end:]
    return document


def is_lawful(field: str, value: Any) -> bool:
    if field == "delete":
        return isinstance(value, str) and not value.startswith("/")
    path, size, digest, request, patch = value if field != "firmware" else ("flash/x", *value)
    if patch and not is_lawful("update", ["flash/x", patch[0], patch[2], patch[3], None]):
        return False
    has_path = isinstance(path, str) and path != "" and not {"", ".", ".."} & set(path.split("/"))
    has_size = size is None or (isinstance(size, int) and 0 <= size < 2**53)
    return has_path and has_size and bool(re.fullmatch("[0-9a-f]{40}", digest) and re.fullmatch("[!-~]+", request))


def test_mutations(tmp_path: Path) -> None:
    """Each is refused with a code, or read as Python's JSON reads it; what that does not take, but json.loads of
    MicroPython does (D22), has values that are right."""
    draw = random.Random(22)
    documents = [mutated(draw, draw.choice(list(SMALL.values()))) for _ in range(2000)]
    counts = {"refused": 0, "read": 0, "D22": 0}
    for document, answer in zip(documents, answers(tmp_path, "manifest", documents)):
        if "code" in answer:
            counts["refused"] += 1
            continue
        try:
            json.loads(document)
        except ValueError:
            counts["D22"] += 1
            assert all(is_lawful(field, value) for field, _, value in answer["ok"]["items"]), document
            continue
        counts["read"] += 1
        assert answer["ok"] == model(document), document
    assert counts["refused"] > 1000
    assert counts["read"] > 100
    assert 0 < counts["D22"] < 100


SMALL = {name: document for name, document in GOOD.items() if len(document) < 2000}


def fat(tmp_path: Path, cases: list[list[str]]) -> list[dict[str, Any]]:
    return run(tmp_path, "manifest_fat.py", [], cases)


def test_one_file_on_fat(tmp_path: Path) -> None:
    """D19: what the package takes for one file is what FatFs takes for one."""
    found = fat(tmp_path, list(TOGETHER.values()))
    for name, segments, answer in zip(TOGETHER, TOGETHER.values(), found):
        keys = answer["names"]
        assert "path_reserved" not in keys, name
        assert answer["opens"] == [keys.index(key) for key in keys], (name, segments)
        assert answer["unforeseen"] == [], name


def utf8(lead: int, *more: int) -> str:
    return bytes([lead, *more]).decode()


TOGETHER = {
    "case": ["Tone.txt", "tone.txt", "TONE.TXT", "a long name", "A Long Name", "a.b.c", "A.B.C", "other.txt"],
    "accents": ["Ä.txt", "Î.txt", "ä.txt", "中.txt", "席.txt"],
    "accents, 8.3": [utf8(0xC3, byte) + ".txt" for byte in range(0x80, 0xC0)],
    "accents, long": ["a long name " + utf8(0xC3, byte) for byte in range(0x80, 0xC0)],
    "accents in an extension": ["a." + utf8(0xC3, byte) for byte in range(0x80, 0xC0)],
    "two letters": [utf8(byte, 0xB0) for byte in range(0xC2, 0xE0)],
    "three, 8.3": [utf8(byte, 0xB0, 0xB0) for byte in (*range(0xE1, 0xED), 0xEE, 0xEF)] + ["\ud7b0"],
    "three, long": [4 * utf8(byte, 0xB0, 0xB0) for byte in (*range(0xE1, 0xED), 0xEE, 0xEF)] + [4 * "\ud7b0"],
    "four": [utf8(byte, 0x90, 0x80, 0x80) for byte in range(0xF0, 0xF4)] + ["\U00100000"],
    "neither": [mark + part for mark in "!#$%&'()-@^_`{}+,;=[]" for part in ("a", "b", "a long name")],
    "dots and blanks": ["a", " a", "  a", ".a", "..a", ". a", "a.b", "a..b", ".a.b", "a b", "a .b", " ", "ab"][:-2],
    "no short names": ["~NOTES.BAK", "T~LOG.BAK", "DATA~2024.CSV", "A~1.JSON", "A~", "A~1.B.C", "A B~1", "A~1+"],
    "short names of long ones": [f"a long name {number}.text" for number in range(12)],
    "of names with dots": [f".config{number}.json" for number in range(9)] + [f"x.y.{number}" for number in range(9)],
    "255 bytes": ["a" * 255, "A" * 255, "a" * 254],
}


ALONE = {
    "x.": "path_reserved",
    "x ": "path_reserved",
    "x. .": "path_reserved",
    "...": "path_reserved",
    'x"': "path_reserved",
    "*": "path_reserved",
    "a:b": "path_reserved",
    "<": "path_reserved",
    "x>y": "path_reserved",
    "x?": "path_reserved",
    "x|y": "path_reserved",
    "MAINPY~1.PY": "path_reserved",
    "mainpy~1.py": "path_reserved",
    "AIRWAY~1.PY": "path_reserved",
    "A~1": "path_reserved",
    "~1.A": "path_reserved",
    "A~B~1.C": "path_reserved",
    "LON~230B.TEX": "path_reserved",
    "A~12345.TXT": "path_reserved",
}


def test_names_that_fat_cannot_hold(tmp_path: Path) -> None:
    for segment, answer in zip(ALONE, fat(tmp_path, [[segment] for segment in ALONE])):
        assert answer["names"] == [ALONE[segment]]
        assert "~" in segment or answer["kept"] != [segment], segment


def test_the_check_knows_the_same_names(tmp_path: Path) -> None:
    sd = "1.0.1/sd/"
    for case in json.loads((VECTORS / "check" / "client.json").read_text()):
        if not case["name"].startswith("fat-names"):
            continue
        names = [entry["path"].removeprefix(sd) for entry in case["input"]["listing"] if entry["path"].startswith(sd)]
        refused = [
            name
            for name, answer in zip(names, fat(tmp_path, [[name] for name in names]))
            if answer["names"] == ["path_reserved"]
        ]
        found = [
            finding["path"].removeprefix(sd) for finding in case["ok"]["findings"] if finding["path"].startswith(sd)
        ]
        assert sorted(refused) == found, case["name"]


def test_a_short_name_opens_a_long_ones_file(tmp_path: Path) -> None:
    """Why such names are refused."""
    found = fat(tmp_path, [["airwaybill_boot.py", "AIRWAY~1.PY"]])
    assert found[0]["opens"] == [0, 0]


def test_random_names_on_fat(tmp_path: Path) -> None:
    draw = random.Random(19)
    drawn = [
        ["".join(draw.choices("aAbB..  ~~11+äÄ💡", k=draw.randrange(1, 14))) for _ in range(25)] for _ in range(80)
    ]
    usable = [
        [segment for segment, name in zip(segments, answer["names"]) if name != "path_reserved" and segment != "."]
        for segments, answer in zip(drawn, fat(tmp_path, drawn))
    ]
    assert sum(map(len, usable)) > 1000
    for segments, answer in zip(usable, fat(tmp_path, usable)):
        assert answer["opens"] == [answer["names"].index(name) for name in answer["names"]], segments
        assert answer["unforeseen"] == []
