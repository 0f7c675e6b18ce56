"""What it costs a device that its release is signed: python device/bench/signed.py

Bytes of the documents beside those of TUF as `python-tuf` writes them without white space (two root keys, one for the
targets that stays at home, one online), the processor time that a waybill takes, and the least heap of an update.
"""

from __future__ import annotations

import hashlib
import json
import resource
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "device" / "tests"), str(TOP / "tests" / "bench")]

import memory
from answers import answering
from board import DEVICE, INSTALL, INSTALLED, Board, Server, compile_client, micropython, tree
from measure import Part, in_turn
from signed_device import release_of, served, sign
from signing import OFFICE, Waybill, keys

CHANGED = 110  # paths, of which the new release has 99, and its main.py
LISTED = 1000
ROUNDS = 9


def tuf_bytes(files: dict[str, bytes]) -> int:
    expires = datetime(2027, 11, 27, tzinfo=timezone.utc)
    roots = [CryptoSigner.generate_ed25519() for _ in range(2)]
    home, online = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ed25519()
    root = Root(expires=expires)
    for signer in roots:
        root.add_key(signer.public_key, "root")
    root.roles["root"].threshold = len(roots)
    for role, signer in (("targets", home), ("snapshot", online), ("timestamp", online)):
        root.add_key(signer.public_key, role)
    listed = {
        path: TargetFile(len(data), {"sha256": hashlib.sha256(data).hexdigest()}, path) for path, data in files.items()
    }
    documents = (
        (root, roots),
        (Targets(expires=expires, targets=listed), [home]),
        (Snapshot(expires=expires), [online]),
        (Timestamp(expires=expires), [online]),
    )
    total = 0
    for document, signers in documents:
        metadata = Metadata(document)
        for signer in signers:
            metadata.sign(signer, append=True)
        total += len(metadata.to_bytes(JSONSerializer(compact=True)))
    return total


def document_bytes(releases: Path, board: Path) -> int:
    """Of what an update asks for because it is signed."""
    files = sign(served(releases), release_of("1.0.1", releases))
    device = Board(board, releases, "1.0.0")
    (device.root / "flash/waybill/keys").write_bytes(keys())
    with answering(files) as server:
        assert device.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
    asked = {line.split(" ")[1] for line in server.asked}
    return sum(len(files.get(path, b"")) for path in asked if ".waybill" in path)


def processor_ms(spec: Path, rounds: int) -> float:
    """Of a MicroPython that judges a waybill `rounds` times."""
    code = (
        f"import json, sys\nsys.path[:] = [{str(DEVICE)!r}]\n"
        "import hashlib\nfrom airwaybill.keys import read\nfrom airwaybill.signers import signers\n"
        "from airwaybill.waybill import reasons\n"
        f"with open({str(spec)!r}) as file:\n    spec = json.load(file)\n"
        f"for _ in range({rounds}):\n"
        "    with open(spec['path'], 'rb') as file:\n        digest = hashlib.sha256(file.read()).digest()\n"
        "    keys = read(spec['keys'].encode())\n"
        "    found, _ = signers(digest, [('sig', spec['signature'].encode())], keys['release'], [])\n"
        "    assert not reasons(spec['path'], keys, found, '1.0.1.waybill')[0]\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([micropython(), "-X", "heapsize=1M", "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def write_spec(directory: Path) -> Path:
    files = {f"flash/lib/package_{number // 20:02}/module_{number:04}.py": b"%d" % number for number in range(LISTED)}
    waybill = Waybill(files).render()
    (directory / "1.0.1.waybill").write_bytes(waybill)
    spec = {
        "path": str(directory / "1.0.1.waybill"),
        "keys": keys().decode(),
        "signature": OFFICE.sign(waybill).decode(),
    }
    (directory / "spec.json").write_text(json.dumps(spec))
    return directory / "spec.json"


def main() -> None:
    part = Part("device-signed")
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        releases = top / "releases"
        memory.write_releases(releases, CHANGED)
        target = tree(releases / "1.0.1")
        part.add("documents", [document_bytes(releases, top / "board")], [tuf_bytes(target)])
        assert len(target) == 100
        spec = write_spec(top)
        times = in_turn({str(rounds): partial(processor_ms, spec, rounds) for rounds in (1, 11)}, ROUNDS)
        part.add("judged", [(many - one) / 10 for one, many in zip(times["1"], times["11"], strict=True)])
        memory.sign(releases)
        client = compile_client(top / "mpy")
        with Server(releases) as server:
            part.add("mpy", [memory.least_heap(releases, client, server.port, is_signed=True)])
    part.write()


if __name__ == "__main__":
    main()
