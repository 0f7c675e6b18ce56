"""The report of a plan: what others read out of it, and what ``airwaybill plan`` prints."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import Call
from content import noise, sha1, sha256, write
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from signing_support import new_keys

import airwaybill
from airwaybill import AirwaybillError, Catalog, check_path, report
from airwaybill.cli import run

EMPTY = sha1(b"")
# What has a meaning in some form, beside what any name has.
NAMES = st.text(
    st.one_of(st.sampled_from("|`*_[]<>&~\\\"',;=+-@ #\u202e\u2028\uff1d\u00fc"), st.characters()),
    min_size=1,
    max_size=12,
)
# What a spreadsheet would run.
RUN = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
INVISIBLE = "[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"


def is_path(name: str) -> bool:
    try:
        return check_path(name) == name and "/" not in name
    except (AirwaybillError, UnicodeError):
        return False


def shown(name: str) -> str:
    """R1b"""
    return re.sub(INVISIBLE, lambda match: f"\\u{{{ord(match[0]):x}}}", name)


def of_markdown(text: str) -> Iterator[str]:
    rows: list[list[Token]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].extend(token.children or [Token("text", "", 0)])
    for what, path, *_ in rows:
        if what.content == "new":
            assert path.type == "code_inline"
            yield path.content


def of_csv(text: str) -> Iterator[str]:
    assert "\n" not in text.replace("\r\n", "")
    for line in csv.DictReader(io.StringIO(text, newline=""), strict=True):
        assert None not in line, "no line has more fields"
        assert None not in line.values(), "nor less"
        if line["what"] == "new":
            assert not line["path"].lstrip().startswith(RUN)
            yield line["path"].removeprefix("'")


class Rows(HTMLParser):
    """The cells of all rows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.is_cell = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "script"
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.is_cell = True

    def handle_endtag(self, tag: str) -> None:
        self.is_cell = self.is_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.is_cell:
            self.rows[-1][-1] += data


def of_html(text: str) -> list[str]:
    return [row[1] for row in Rows(text).rows if row[0] == "new"]


READERS = {"markdown": of_markdown, "csv": of_csv, "html": of_html}


@pytest.mark.parametrize("format", READERS)
@given(names=st.sets(NAMES.filter(is_path), min_size=1, max_size=6))
@settings(max_examples=300)
def test_every_name_is_read_as_it_is(format: str, names: set[str]) -> None:
    listing = [{"path": f"1.0.0/{name}", "size": 0, "sha1": EMPTY} for name in names]
    catalog = Catalog.from_listing(listing, include=["*"])
    plan = catalog.plan()
    wanted = [] if plan is None else [shown(file.path) for file in plan.new]
    assert list(READERS[format](report(plan, format))) == wanted


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    write(
        tree,
        {
            "0.9.0/flash/main.py": b"",
            "1.0.0/flash/main.py": b"one\n",
            "1.0.0/flash/old.py": b"old\n",
            "1.0.1/flash/main.py": b"two\n",
            "1.0.1/flash/lib.py": b"\0",
            "firmware_1.0.1.bin": noise(1500),
            "check.toml": b'firmware = "any"\n',
        },
    )
    return tree


FACTS: dict[str, Any] = {"base_url": "http://van.local:8000", "generation": 3, "time": "2026-11-27T00:00:00Z"}
OPTIONS = ("--base-url", "http://van.local:8000/", "--generation", 3, "--time", "2026-11-27T00:00:00Z")


@pytest.mark.parametrize("format", READERS)
def test_plan_prints_what_the_engine_renders(tree: Path, call: Call, format: str) -> None:
    done = call("plan", tree, "--from", "1.0.0", f"--{format}", *OPTIONS)
    catalog = airwaybill.scan(tree)
    findings = catalog.check_directory(tree, firmware="any")
    assert {finding.code for finding in findings} >= {"python_broken"}
    gone = {"path": "flash/old.py", "size": 4, "sha1": sha1(b"old\n")}
    known: dict[str, Any] = {"findings": findings, "before": [gone], "sha256": sha256(noise(1500))}
    wanted = report(catalog.plan("1.0.0"), format, current="1.0.0", **known, **FACTS)
    assert (done.code, done.out) == (0, wanted)
    assert done.err.startswith("airwaybill: error: python_broken: 1.0.1/flash/lib.py: ")


def test_a_report_checks_for_all_devices_that_the_release_goes_out_to(tree: Path, call: Call) -> None:
    # Only from 0.9.0 on main.py is emptied.
    write(tree, {"0.9.0/flash/main.py": b"zero\n", "1.0.0/flash/main.py": b"", "1.0.1/flash/main.py": b""})
    found = {
        version: "start_empty" in call("plan", tree, "--from", version, "--markdown").out
        for version in ("0.9.0", "1.0.0", "1.0.1")
    }
    assert found == {"0.9.0": True, "1.0.0": True, "1.0.1": False}
    assert "start_empty" in call("plan", tree, "--markdown").out
    assert "start_empty" not in call("plan", tree, "--to", "0.9.0", "--markdown").out


def test_a_report_without_anything_to_do(tree: Path, call: Call) -> None:
    assert call("plan", tree, "--from", "1.0.1", "--markdown").out.startswith("# A device on 1.0.1 has nothing to do\n")


def test_a_report_says_who_signed(tree: Path, tmp_path: Path, call: Call) -> None:
    new_keys(tree, tmp_path / "keys")
    assert run(["sign", str(tree), "1.0.1", "--key", str(tmp_path / "keys" / "office")]) == 0
    said = call("plan", tree, "--markdown").out
    assert (
        "| valid | `1.0.1` | signed by office; sequence 1 |\n| valid | `firmware_1.0.1.bin` | signed by office; "
        in said
    )
    (tree / "1.0.1/flash/main.py").write_bytes(b"three\n")
    said = call("plan", tree, "--markdown").out
    assert '| refused | `1.0.1` | signed by office; sequence 1; "1.0.1/flash/main.py": it changed' in said
    (tree / "keys/1.waybill").write_bytes(b"")
    assert "## Signatures" not in call("plan", tree, "--markdown").out


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["--markdown", "--csv"], 2, "usage: --markdown and --csv: choose one of them"),
        (["--json", "--html"], 2, "usage: --json and --html: choose one of them"),
        (["--html", "--time", "now"], 2, 'document_value: "now": expected a time in UTC, as 2027-11-27T00:00:00Z'),
        (["--csv", "--base-url", "van"], 2, 'base_url_invalid: "van": a base URL must start with a scheme'),
        (["--csv", "--generation", "-1"], 2, "usage: "),
        (["--csv", "--to", "9.9"], 2, "release_unknown: "),
    ],
)
def test_reports_that_are_refused(tree: Path, call: Call, arguments: list[str], code: int, error: str) -> None:
    done = call("plan", tree, *arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"airwaybill: {error}")


def test_plans_and_findings_may_be_plain_values() -> None:
    catalog = Catalog.from_listing([{"path": "1.0.0/flash/main.py", "size": 0, "sha1": EMPTY}])
    plan, findings = catalog.plan(), catalog.check([])
    assert plan is not None
    plain = [{key: getattr(found, key) for key in ("level", "path", "code", "message", "advice")} for found in findings]
    said = report(plan, "html", findings=findings)
    assert '<h2 id="findings">' in said
    assert said == report(plan.to_dict(), "html", findings=plain)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ({"unread": -1}, "field_type", "unread -1: expected a whole number from 0"),
        ({"generation": 1 << 64}, "field_type", "generation 18446744073709551616: expected a whole number"),
        ({"format": "pdf"}, "field_type", "format: unknown variant `pdf`, expected one of `markdown`, `csv`, `html`"),
        ({"findings": [{"level": "error"}]}, "field_missing", r"findings\[0\]: missing field `code`"),
        ({"plan": {"version": "1.0.0"}}, "field_missing", "plan: missing field `full`"),
    ],
)
def test_wrong_values(arguments: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(AirwaybillError, match=message) as raised:
        report(**{"plan": None, **arguments})
    assert raised.value.code == code
