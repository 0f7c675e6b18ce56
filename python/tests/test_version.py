from __future__ import annotations

import operator

import packaging.version
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from looseversion import LooseVersion2

from airwaybill import AirwaybillError, Version

# V3, with runs that meet: many pairs share a beginning.
VERSIONS = st.from_regex(r"v?[0-9](\.|[0-9]{1,3}|[a-c]{1,2}|[AB]|[+_-]){0,8}", fullmatch=True)


@settings(max_examples=5_000, deadline=None, derandomize=True, database=None)
@given(VERSIONS, VERSIONS)
def test_loose_order_is_that_of_looseversion(left: str, right: str) -> None:
    ours = Version(left), Version(right)
    # V5: to LooseVersion a leading v is a text, and above every number.
    theirs = LooseVersion2(left.lstrip("v")), LooseVersion2(right.lstrip("v"))
    assert (ours[0] < ours[1], ours[0] == ours[1], ours[0] > ours[1]) == (
        theirs[0] < theirs[1],
        theirs[0] == theirs[1],
        theirs[0] > theirs[1],
    )


# Numbers of up to 19 digits: beyond 64 bits packaging goes on, and V7 says no.
PEP440 = st.from_regex(
    r"v?[0-9]{1,2}(\.[0-9]{1,3}){0,3}([._-]?(a|b|c|rc|alpha|Beta|pre|preview)[._-]?[0-9]{0,2})?"
    r"([._-]?(post|rev|r)[._-]?[0-9]{0,2}|-[0-9]{1,2})?([._-]?dev[._-]?[0-9]{0,2})?(\+([0-9a-zA-Z]{1,3}[._-]?){1,2})?",
    fullmatch=True,
)


@settings(max_examples=3_000, deadline=None, derandomize=True, database=None)
@given(st.one_of(PEP440, VERSIONS), st.one_of(PEP440, VERSIONS))
def test_pep440_order_is_that_of_packaging(left: str, right: str) -> None:
    ours, theirs = [], []
    for text in (left, right):
        try:
            theirs.append(packaging.version.Version(text))
        except packaging.version.InvalidVersion:
            with pytest.raises(AirwaybillError, match="PEP 440"):
                Version(text, "pep440")
            return
        ours.append(Version(text, "pep440"))
    assert (ours[0] < ours[1], ours[0] == ours[1]) == (theirs[0] < theirs[1], theirs[0] == theirs[1])
    assert ours[0] != ours[1] or hash(ours[0]) == hash(ours[1])


@pytest.mark.parametrize(
    ("left", "right", "holding"),
    [
        ("1.0.2", "1.0.10", "lt le ne"),
        ("1.0.10", "1.0.2", "gt ge ne"),
        ("1.0.10", "1.0.010", "le ge eq"),
    ],
)
def test_operators(left: str, right: str, holding: str) -> None:
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        assert getattr(operator, name)(Version(left), Version(right)) == (name in holding.split())


@pytest.mark.parametrize("name", ["lt", "le", "gt", "ge"])
@pytest.mark.parametrize("other", [Version("1.0.0", "semver"), "1.0.0", 1, None])
def test_other_schemes_and_types_are_unequal_and_unordered(name: str, other: object) -> None:
    version = Version("1.0.0")
    assert (version == other, other == version, version != other) == (False, False, True)
    for left, right in ((version, other), (other, version)):
        with pytest.raises(TypeError):
            getattr(operator, name)(left, right)


def test_the_text_is_kept() -> None:
    assert str(Version("1.00")) == "1.00"


def test_the_scheme() -> None:
    assert (Version("1.0").scheme, Version("1.0.0", scheme="semver").scheme) == ("loose", "semver")


def test_equal_versions_have_equal_hashes() -> None:
    assert len({Version("1.0.2"), Version("1.0.02"), Version("v1.0.2"), Version("1.0.3")}) == 2
    assert len({Version("1.0.2+a", "semver"), Version("1.0.2+b", "semver")}) == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("",), "version_empty"),
        (("1.0x", "pep440"), "version_pep440"),
        (("1.0\n",), "version_character"),
        (("1.0", "strict"), "field_type"),
    ],
)
def test_refused(arguments: tuple[str, ...], code: str) -> None:
    with pytest.raises(AirwaybillError) as caught:
        Version(*arguments)
    assert caught.value.code == code
