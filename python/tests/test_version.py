from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from looseversion import LooseVersion2

from airwaybill import AirwaybillError, Version

# V3, with runs that meet: many pairs share a beginning.
VERSIONS = st.from_regex(r"v?[0-9](\.|[0-9]{1,3}|[a-c]{1,2}|[AB]|[+_-]){0,8}", fullmatch=True)


@settings(max_examples=20_000, deadline=None, derandomize=True, database=None)
@given(VERSIONS, VERSIONS)
def test_loose_order_is_that_of_looseversion(left: str, right: str) -> None:
    ours = Version(left), Version(right)
    theirs = LooseVersion2(left), LooseVersion2(right)
    assert (ours[0] < ours[1], ours[0] == ours[1], ours[0] > ours[1]) == (
        theirs[0] < theirs[1],
        theirs[0] == theirs[1],
        theirs[0] > theirs[1],
    )


def test_operators() -> None:
    low, high, same = Version("1.0.2"), Version("1.0.10"), Version("1.0.010")
    assert low < high
    assert low <= high
    assert high > low
    assert high >= same
    assert high == same
    assert low != high
    assert sorted([high, low]) == [low, high]


@pytest.mark.parametrize(
    ("version", "text", "shown"),
    [
        (Version("1.0.1b"), "1.0.1b", "Version('1.0.1b')"),
        (Version("1.0.1-rc.1", "semver"), "1.0.1-rc.1", "Version('1.0.1-rc.1', 'semver')"),
    ],
)
def test_texts(version: Version, text: str, shown: str) -> None:
    assert (str(version), repr(version)) == (text, shown)


def test_equal_versions_have_equal_hashes() -> None:
    assert len({Version("1.0.2"), Version("1.0.02"), Version("1.0.3")}) == 2
    assert len({Version("1.0.2+a", "semver"), Version("1.0.2+b", "semver")}) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("",), "version_empty"), (("1.0\n",), "version_character"), (("1.0", "strict"), "field_type")],
)
def test_refused(arguments: tuple[str, ...], code: str) -> None:
    with pytest.raises(AirwaybillError) as caught:
        Version(*arguments)
    assert caught.value.code == code


def test_other_types_are_unequal_and_unordered() -> None:
    assert Version("1.0") != "1.0"
    with pytest.raises(TypeError):
        assert Version("1.0") < "2.0"  # type: ignore[operator]
