"""Any Python object into any function of the compiled part: a value or an honest exception, never a crash."""

from __future__ import annotations

import inspect
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airwaybill import AirwaybillError, _core

EMPTY = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
LISTING: list[dict[str, Any]] = [
    {"path": "1.0.0/flash/main.py", "size": 3, "sha1": EMPTY},
    {"path": "1.0.1/flash/main.py", "size": 4, "sha1": EMPTY},
    {"path": "1.0.1/flash/alias.py", "link": "1.0.1/flash/main.py"},
    {"path": "firmware_1.0.1.bin", "size": 5, "sha1": EMPTY},
]
CATALOG = _core.Catalog.from_listing(LISTING)
PLAN = CATALOG.plan("1.0.0")
assert PLAN is not None
MANIFEST = PLAN.manifest("http://h")
INSTANCES: list[Any] = [
    CATALOG,
    *CATALOG.releases,
    *CATALOG.firmware,
    PLAN,
    *PLAN.new,
    MANIFEST,
    _core.verify_content(MANIFEST, []),
    *_core.verify_content(MANIFEST, []).problems,
    _core.FileRecord("a", 1, EMPTY),
    _core.Version("1.0.0"),
    _core.Hasher(),
    _core.Listing.scan(Path(__file__).parent),
]


class OwnError(Exception):
    """What an object under test raises."""


class Fields(Mapping[str, Any]):
    """A mapping that is not a dict."""

    def __init__(self) -> None:
        self.fields: dict[str, Any] = LISTING[0]

    def __getitem__(self, key: str) -> Any:
        return self.fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)


HOOKS = (
    *("__bool__", "__bytes__", "__call__", "__contains__", "__eq__", "__float__", "__fspath__", "__getitem__"),
    *("__hash__", "__index__", "__int__", "__iter__", "__len__", "__length_hint__", "__lt__", "__next__", "__repr__"),
    *("__str__", "encode", "get", "items", "keys", "values"),
)
# Each with what it takes to get past a first check.
BASES: dict[type, tuple[Any, ...]] = {
    object: (),
    str: ("1.0.0",),
    bytes: (b"1.0.0",),
    int: (1,),
    list: (LISTING,),
    dict: (LISTING[0],),
    Fields: (),
}


def raising(count: int) -> Iterator[Any]:
    yield from LISTING[:count]
    raise OwnError("raised")


@st.composite
def hostile(draw: st.DrawFn) -> Any:
    """An object of any kind whose methods raise, or answer with what they should not."""
    base = draw(st.sampled_from([*BASES]))
    answer = draw(st.sampled_from([None, None, None, -1, 2**70, "x", b"x", [1], {"path": 1}, math.nan, NotImplemented]))

    def hook(self: object, *arguments: object) -> Any:
        if answer is None:
            raise OwnError("raised")
        return answer

    names = draw(st.lists(st.sampled_from(HOOKS), min_size=1, max_size=3, unique=True))
    return type("Hostile", (base,), {"__hash__": base.__hash__, **dict.fromkeys(names, hook)})(*BASES[base])


def view(number: int) -> Any:
    released = memoryview(b"abc")
    released.release()
    whole = memoryview(bytearray(range(24)))
    return [whole, whole[::2], whole[::-1], whole.cast("B", (2, 3, 4)), whole.cast("d"), whole[:0], released][number]


TEXTS = st.one_of(
    st.sampled_from(
        ["", "1.0.0", "1.0.1", "v1", "firmware_1.0.1.bin", "flash/main.py", "1.0.0/flash/main.py", "loose"]
    ),
    st.sampled_from(["http://h", "semver", "*.pyc", "!", "\0", "\udc80", "\ud800/a", MANIFEST.to_json()]),
    st.text(st.characters(), max_size=20),
    st.integers(0, 100_000).map("[".__mul__),
)
LEAVES = st.one_of(
    st.none() | st.booleans() | st.integers() | st.sampled_from([2**53, 2**63 - 1, 2**63, 2**64, -(2**64), 10**400]),
    st.floats() | st.complex_numbers() | st.binary(max_size=9) | st.binary(max_size=9).map(bytearray),
    TEXTS,
    st.sampled_from(INSTANCES) | st.integers(0, 6).map(view),
    st.sampled_from([object(), int, len, range(3), {1, 2}, Fields(), Path("a"), ..., OwnError("x")]),
    hostile() | st.builds(raising, st.integers(0, 3)),
)
ENTRIES = st.fixed_dictionaries(
    {"path": TEXTS | LEAVES},
    optional={key: LEAVES | st.sampled_from([0, EMPTY]) for key in ("size", "sha1", "link", "unread", "more")},
)
NESTED = st.recursive(
    LEAVES | ENTRIES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(TEXTS | st.integers() | st.none(), inner, max_size=3)
    ),
    max_leaves=6,
)
LISTINGS = st.one_of(st.just(LISTING), st.lists(ENTRIES, max_size=3), st.just(LISTING).map(iter), NESTED)
# What a parameter is mostly given; now and then it, and any other, is given anything.
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(["listing", "found"], LISTINGS),
    **dict.fromkeys(["path", "text", "piece", "document", "current", "firmware_version", "target"], TEXTS),
    **dict.fromkeys(["ignore", "protect", "unsettled"], st.lists(TEXTS, max_size=2)),
    "allow_downgrade": st.booleans(),
    "manifest": st.just(MANIFEST),
    "catalog": st.just(CATALOG),
    "version": st.just("1.0.1"),
    "size": st.integers(-1, 2**70),
    "sha1": st.just(EMPTY),
    "scheme": st.sampled_from(["loose", "semver"]),
    "dst_paths": st.sampled_from(["relative", "absolute"]),
    "format": st.integers(-1, 3),
    "base_url": st.just("http://h"),
}


def is_directory(value: Any) -> bool:
    try:
        return Path(value).is_dir()
    except Exception:
        return False


def either(likely: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 4).flatmap(lambda choice: likely if choice else NESTED)


PARAMETERS = {name: either(likely) for name, likely in LIKELY.items()}
# A walk through whatever directory a text happens to name would take long.
ROOTS = st.sampled_from([Path(__file__).parent / "none", str(Path(__file__).parent), "\0", "\udc80"])
PARAMETERS["root"] = ROOTS | NESTED.filter(lambda value: not is_directory(value))


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """All that can be called, methods bound to an instance."""
    for name, value in vars(_core).items():
        if callable(value):
            yield name, value
    for instance in INSTANCES:
        kind = type(instance).__name__
        methods = (name for name in dir(instance) if not name.startswith("_") and callable(getattr(instance, name)))
        yield from ((f"{kind}.{name}", getattr(instance, name)) for name in methods)
        if "__eq__" in vars(type(instance)):
            yield f"{kind} ==", partial(operator.eq, instance)
            yield f"{kind} <", partial(operator.lt, instance)


def has_parameters(function: Callable[..., Any]) -> bool:
    try:
        return bool(inspect.signature(function).parameters)
    except ValueError:  # A type without a constructor.
        return False


FUNCTIONS = {name: function for name, function in functions() if has_parameters(function)}


@st.composite
def arguments(draw: st.DrawFn, function: Callable[..., Any]) -> inspect.BoundArguments:
    """Something for each parameter but for some of those that have a default."""
    signature = inspect.signature(function)
    bound = signature.bind_partial()
    for name, parameter in signature.parameters.items():
        if parameter.default is parameter.empty or draw(st.booleans()):
            bound.arguments[name] = draw(PARAMETERS.get(name, NESTED))
    return bound


def failure_of(call: Callable[[], Any]) -> AirwaybillError | None:
    """The engine's, if it is one; none of a value, or of what Python or the argument raises. All else is a fault."""
    try:
        repr(call())
    except AirwaybillError as error:
        return error
    except (TypeError, ValueError, OverflowError, OwnError):
        pass
    return None


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=[*HealthCheck])
@given(st.data())
def test_any_object_gets_a_value_or_an_honest_exception(name: str, data: st.DataObject) -> None:
    bound = data.draw(arguments(FUNCTIONS[name]))
    failure = failure_of(lambda: FUNCTIONS[name](*bound.args, **bound.kwargs))
    if failure is not None:
        assert re.fullmatch("[a-z][a-z0-9_]+", failure.code)
        assert str(failure).splitlines() == [str(failure)]


def test_every_function_is_among_them() -> None:
    assert FUNCTIONS.keys() > {"Catalog.from_listing", "Catalog.manifest_json", "Hasher.update", "Listing.scan"}
    assert FUNCTIONS.keys() > {"FileRecord", "Plan.manifest", "Version", "check_path", "verify_content"}


@pytest.mark.parametrize("name", ["__getitem__", "__iter__", "__len__"])
def test_what_an_entry_raises_is_not_hidden(name: str) -> None:
    def hook(*_: object) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _core.Catalog.from_listing([type("Interrupted", (Fields,), {name: hook})()])
