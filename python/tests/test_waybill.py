"""Signed releases: what the engine's vectors do not see of the Python package."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any, cast

import pytest

from airwaybill import AirwaybillError, Catalog, Keys, PublicKey, Signature, Verdict, Waybill, verify_signed

VECTORS = Path(__file__).parents[2] / "tests/vectors/waybill"


def vector(file: str, name: str) -> Any:
    [case] = [case for case in json.loads((VECTORS / f"{file}.json").read_text("utf-8")) if case["name"] == name]
    return case["input"]


SIGNED = vector("verify", "signed")["verify"]
NEXT = vector("next", "next")["next"]


def signatures(case: Any) -> dict[str, bytes]:
    return {file["name"]: file["content"].encode() for file in case["signatures"]}


def verdict(**changes: Any) -> Verdict:
    asked = {"document": SIGNED["document"], "signatures": signatures(SIGNED), "name": SIGNED["name"], **changes}
    return verify_signed(keys=Keys.parse(SIGNED["keys"]), **asked)


def test_a_verdict() -> None:
    good, unsigned = verdict(), verdict(signatures={})
    assert good
    assert good.ok
    assert [PublicKey(line).comment for line in good.signers] == ["office"]
    assert not unsigned
    assert [(reason.path, reason.code) for reason in unsigned.reasons] == [("1.0.1.waybill", "unsigned")]
    assert unsigned.to_dict() == {
        "reasons": [{"path": "1.0.1.waybill", "code": "unsigned", "message": unsigned.reasons[0].message}],
        "signers": [],
        "skipped": [],
    }


def test_the_time_is_passed_in() -> None:
    assert verdict(now="2027-11-26T23:59:59Z")
    assert [reason.code for reason in verdict(now="2027-11-27T00:00:00Z").reasons] == ["expired"]
    with pytest.raises(AirwaybillError) as raised:
        verdict(now="tomorrow")
    assert raised.value.code == "document_value"


def test_documents_are_bytes_or_text() -> None:
    document = SIGNED["document"]
    assert Waybill.parse(document) == Waybill.parse(document.encode())
    assert Waybill.parse(document).render() == document.encode()
    assert Waybill.parse(document).file_name == "1.0.1.waybill"
    assert Waybill.parse(document).to_dict()["sequence"] == 17
    assert verdict(document=document.encode(), signatures={"a.sig": SIGNED["signatures"][0]["content"]})


def test_the_next_keys() -> None:
    keys = Keys.parse(NEXT["keys"])
    assert keys.next(NEXT["document"], signatures(NEXT)).to_dict()["number"] == 2
    with pytest.raises(AirwaybillError) as raised:
        keys.next(NEXT["document"], {})
    assert raised.value.code == "keys_unsigned"


def test_a_signature_names_its_key() -> None:
    signature = Signature.parse(SIGNED["signatures"][0]["content"])
    [line] = verdict().signers
    assert signature.key.fingerprint == PublicKey(line).fingerprint
    assert signature.key.comment == ""


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: verdict(signatures=[]), TypeError),
        (lambda: verdict(signatures={1: b""}), TypeError),
        (lambda: verdict(document=1), TypeError),
        (lambda: PublicKey(cast("Any", b"ssh-ed25519")), TypeError),
        (lambda: Waybill(), TypeError),
    ],
)
def test_arguments_of_the_wrong_type(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call()


def test_a_signed_directory() -> None:
    asked = vector("signed", "directory-all")["signed"]
    catalog = Catalog.from_listing(asked["listing"])
    documents = {file["name"]: file["content"] for file in asked["documents"]}
    good = catalog.signed(Keys.parse(asked["keys"]), asked["listing"], documents)
    late = catalog.signed(Keys.parse(asked["keys"]), asked["listing"], documents, "2027-01-01T00:00:00Z")
    assert [(signed.path, signed.sequence, bool(signed)) for signed in good] == [
        ("1.0.0", 4, True),
        ("1.0.1", 5, True),
        ("firmware_1.0.1.bin", 9, True),
    ]
    assert pickle.loads(pickle.dumps(good)) == good
    [held_back] = [signed.held_back for signed in late if signed.held_back]
    assert (held_back.path, held_back.code) == ("1.0.1", "expired")
    rest = Catalog.from_listing(asked["listing"], unsigned=[held_back])
    assert [release.version for release in rest.releases] == ["1.0.0"]
    with pytest.raises(AirwaybillError) as raised:
        rest.plan(target="1.0.1")
    assert raised.value.code == "expired"
