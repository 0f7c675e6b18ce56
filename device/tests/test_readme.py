"""README.md says every code that a user may see, every setting and every call."""

from __future__ import annotations

import re

from board import DEVICE

README = (DEVICE / "README.md").read_text()
FAMILIES = ("path", "version", "document", "key", "keys", "signature")  # those that the engine has, too
SOURCES = [*DEVICE.glob("*.py"), *DEVICE.glob("airwaybill*/*.py")]
TEXT = "\n".join(file.read_text() for file in SOURCES)


def named(code: str) -> bool:
    family = code.split("_")[0]
    return f"`{code}`" in README or (family in FAMILIES and f"`{family}_*`" in README)


def test_every_code() -> None:
    codes = set(re.findall(r'OTAError\(\s*"([a-z0-9_]+)"', TEXT))
    codes |= set(re.findall(r'return OTAError\("([a-z]+)" if [^"]*else "([a-z]+)"', TEXT)[0])
    assert len(codes) > 50
    assert sorted(code for code in codes if not named(code)) == []


def test_every_reason() -> None:
    """What recovery notes when it takes a release back."""
    reasons = set(re.findall(r'roll_back\((?:journal\["reason"\] or )?"([a-z_]+)', TEXT))
    reasons |= set(re.findall(r'Damaged\("([a-z_]+)', TEXT)) | set(re.findall(r'\["reason"\] = "([a-z_]+)"', TEXT))
    assert {"not_confirmed", "journal_lost", "plan_damaged", "changed"} <= reasons
    assert sorted(reason for reason in reasons if not named(reason)) == []


def test_every_setting_and_call() -> None:
    face = (DEVICE / "OTA.py").read_text()
    settings = {
        name
        for found in re.findall(r"def __init__\(\s*self, (.*?)\s*\):", face, re.S)
        for name in re.findall(r"(\w+)=", found)
    }
    assert "boot_py" in settings
    calls = set(re.findall(r"    (?:async )?def ([a-z]\w*)\(", face)) - {"real", "version", "firmware_version"}
    assert "update_async" in calls
    assert sorted(name for name in settings | calls if f"{name}" not in README) == []
