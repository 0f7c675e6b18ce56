"""The shared vectors, on the device code under MicroPython."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from board import ROOT, TESTS, run_script

VECTORS = ROOT / "tests" / "vectors"


def cases(folder: str) -> list[dict]:
    found = [case for file in sorted((VECTORS / folder).glob("*.json")) for case in json.loads(file.read_text("utf-8"))]
    assert found
    return found


def applies(folder: str, case: dict) -> bool:
    given = case["input"]
    if folder == "version":
        return given.get("versions", "loose") == "loose"
    if folder == "path":
        return True
    if any("size" not in record for record in given["found"]):
        return False  # links: a device has none
    if "listing" in given:
        # The rest is about which releases a catalog has: the device has none.
        release = [entry for entry in given["listing"] if entry["path"].startswith(given["version"] + "/")]
        known = all("sha1" in entry and not entry["path"].endswith(".DS_Store") for entry in release)
        return "code" not in case and not given.get("options") and known
    # Where a URL points is the server's side, `null` is "up to date" here, and D5 refuses what no mount has.
    manifest = json.loads(given["manifest"])
    if manifest is None or any(p["kind"] == "url" for p in case.get("ok", {}).get("problems", [])):
        return False
    paths = [entry["dst_path"].lstrip("/") for entry in manifest["new"] + manifest["update"]]
    return all(path.startswith(("flash/", "sd/")) for path in paths)


@pytest.mark.parametrize("folder", ["version", "path", "verify"])
def test_vectors(folder: str, tmp_path: Path) -> None:
    wanted = [case for case in cases(folder) if applies(folder, case)]
    (tmp_path / "cases.json").write_text(json.dumps(wanted, ensure_ascii=False), "utf-8")
    answers = run_script(TESTS / "vectors.py", folder, tmp_path / "cases.json", tmp_path)
    assert len(answers) == len(wanted)
    wrong = [
        f"{case['name']}: {answer}, not {case.get('ok', case.get('code'))}"
        for case, answer in zip(wanted, answers)
        if answer != ({"ok": case["ok"]} if "ok" in case else {"code": case["code"]})
    ]
    assert not wrong, "\n".join(wrong)
