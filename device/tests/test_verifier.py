"""How the verifier spends its time: a signature takes a board a second, and its watchdog must not wait so long."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from board import DEVICE
from signing import OFFICE

MESSAGE = b"SSHSIG" + bytes(104)
# Of 1.08 s, which one signature takes on an RP2040 at 125 MHz: so a watchdog is fed at least every 100 ms.
SHARE = 0.09


class Number(int):
    """Counts where it is multiplied with one of its own size. A power takes a square for each bit and a product for
    each that is set."""

    done = 0

    def __mul__(self, other: int) -> Number:
        Number.done += min(self.bit_length(), other.bit_length()) > 128
        return Number(int(self) * int(other))

    __rmul__ = __mul__

    def __pow__(self, exponent: int, modulus: int | None = None) -> Number:  # type: ignore[override]
        Number.done += exponent.bit_length() + exponent.bit_count() - 2
        return Number(pow(int(self), exponent, modulus))


def counted(name: str) -> Callable[..., Number]:
    return lambda *values: Number(getattr(int, name)(*map(int, values)))


for operator in ("add", "radd", "sub", "rsub", "mod", "neg"):
    setattr(Number, f"__{operator}__", counted(f"__{operator}__"))


@pytest.fixture
def verifier(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, list[int]]:
    """Under CPython: airwaybill/ed25519.py, and what was done whenever it fed the watchdog."""
    fed: list[int] = []
    boot = SimpleNamespace(feed=lambda: fed.append(Number.done))
    monkeypatch.setitem(sys.modules, "micropython", SimpleNamespace(const=int))  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "airwaybill_boot", boot)  # type: ignore[arg-type]
    spec = importlib.util.spec_from_file_location("ed25519", DEVICE / "airwaybill/ed25519.py")
    assert spec
    assert spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    plain = module.number
    module.number = lambda *arguments: Number(plain(*arguments))
    return module, fed


def test_a_watchdog_is_fed_while_a_signature_is_checked(verifier: tuple[Any, list[int]]) -> None:
    module, fed = verifier
    key = OFFICE.blob[-32:]
    Number.done = 0
    assert module.verifies(key, MESSAGE, OFFICE.private.sign(MESSAGE))
    times = [0, *fed, Number.done]
    longest = max(after - before for before, after in zip(times, times[1:]))
    assert Number.done > 2000
    assert longest <= SHARE * Number.done
