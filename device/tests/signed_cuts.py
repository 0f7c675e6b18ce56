"""The power-cut proof of a device with keys: `micropython signed_cuts.py FILESYSTEM SPEC PAIRS`.

SPEC is a JSON file: `trees` by version and path, `documents` by request, patches among them, all content in hex digits.
The first keys are taken; they rotate from the first document to the third; a release is installed with its image, both
from patches, and confirmed; and taken back.
"""

import binascii
import json
import os
import sys

sys.path[:0] = [__file__.rsplit("/", 1)[0] + below for below in ("", "/model")]

import boards
from cuts import OWN, Cuts
from proof import IMAGE_BYTES, Proof
from releases import Server, sha1

boards.SIMULATOR += ("signed_cuts",)


class SignedServer(Server):
    def __init__(self, documents):
        super().__init__()
        self.documents = documents
        self.patches = {name.split("-")[1]: name for name in documents if name.startswith("delta/")}

    def _sized(self, entry, data):
        name = self.patches.get(entry["hash"])
        if name:
            patch = self.documents[name]
            base = name[len("delta/") :].split("-")[0]
            entry["patch"] = {
                "URL": "http://10.0.0.1:8000/" + name,
                "base": base,
                "base_size": IMAGE_BYTES,
                "hash": sha1(patch),
                "size": len(patch),
            }
        return super()._sized(entry, data)

    def get(self, request):
        if request in self.documents:
            return self.documents[request]
        if request.endswith((".waybill", ".sig")):
            from OTA import OTAError

            raise OTAError("http_refused", "404: " + request)
        data = super().get(request)
        assert sha1(data) not in self.patches, request
        return data


def content(tree):
    return {path: binascii.unhexlify(tree[path]) for path in tree}


class SignedCuts(Cuts):
    RECORDS = ["files", "keys0", "keys1", "signed", "signed.sig", "version"]

    def __init__(self, kind, spec, pairs):
        trees = {version: content(spec["trees"][version]) for version in spec["trees"]}
        Proof.__init__(self, kind, trees, OWN, {"1.0.2": "1.0.1"})
        self.pairs = pairs
        self.documents = content(spec["documents"])
        self.server = SignedServer(self.documents)
        self.server.IMAGE = IMAGE_BYTES
        for version in self.releases:
            self.server.add(self.releases[version])

    def fresh(self):
        super().fresh()
        with open("/flash/waybill/keys", "wb") as file:
            file.write(self.documents["keys/1.waybill"])

    def keys(self):
        from airwaybill import keyring

        ota = self.ota()
        keyring.load(ota, None)
        return ota.keys["keys"]

    def judge(self):
        return super().judge() or self.judge_trust()

    def judge_trust(self):
        """The keys are a valid version; what the device has confirmed is what it says of it."""
        try:
            if self.keys() not in (1, 2, 3):
                return "keys %r" % self.keys()
            ota = self.ota()
            if self.firmware_differs(ota.version):
                return "firmware not of " + ota.version
            if ota.version == "1.0.1" and ota.status()["state"] == "idle":
                with open("/flash/waybill/signed", "rb") as file:
                    if file.read() != self.documents["1.0.1.waybill"]:
                        return "another waybill"
                from airwaybill import record

                numbers = record.read_head(ota, "1.0.1")["signed"]
                if [numbers["release"], numbers["firmware"]] != [[17, "1.0.1"], [5, "1.0.1"]]:
                    return "other sequences"
            return None
        except Exception as error:
            sys.print_exception(error)
            return "%s: %s" % (type(error).__name__, error)

    def rotate(self):
        self.server.target = self.releases["1.0.0"]
        return self.board.run(lambda: self.ota().update())

    def prove_rotation(self):
        self.fresh()
        old = self.board.save()
        self.board.start()
        log = self.board.record(self.rotate)
        for torn in (False, True):
            for number in self.cuts(old, log, torn):
                self.note_state()
                self.board.start()
                wrong = self.judge()
                if not wrong:
                    self.rotate()
                    wrong = None if self.keys() == 3 else "keys %r" % self.keys()
                self.count("%srotation %d" % ("torn " if torn else "", number + 1), wrong, self.ota().version)

    def take(self):
        return self.ota().take_keys("/flash/keys.waybill")

    def prove_taking(self):
        """The first keys of a device: afterwards it has them, or none, and takes them then."""
        self.fresh()
        os.rename("/flash/waybill/keys", "/flash/keys.waybill")
        old = self.board.save()
        self.board.start()
        log = self.board.record(self.take)
        for torn in (False, True):
            for number in self.cuts(old, log, torn):
                self.note_state()
                self.board.start()
                wrong, had = None, False
                try:
                    had = not self.take()
                    if self.keys() != 1 or self.take():
                        wrong = "no keys"
                except Exception as error:
                    wrong = "%s: %s" % (type(error).__name__, error)
                self.count("%staking %d" % ("torn " if torn else "", number + 1), wrong, "1.0.1" if had else "1.0.0")

    def prove_release(self):
        board = self.board
        self.fresh()
        old = board.save()
        board.start()
        update = board.record(lambda: self.update("1.0.1"))
        trial = board.save()
        self.prove("update", self.pairs, old, update)
        board.load(trial)
        board.mount_all()
        self.prove("confirm", self.pairs, trial, board.record(self.confirm), "1.0.1")
        board.load(trial)
        for _ in range(2):
            board.start()
        last = board.save()
        self.prove("rollback", self.pairs, last, board.record(board.start), "1.0.0")


if __name__ == "__main__":
    with open(sys.argv[2]) as file:
        proof = SignedCuts(sys.argv[1], json.load(file), int(sys.argv[3]))
    proof.prove_taking()
    proof.prove_rotation()
    proof.prove_release()
    print(json.dumps([proof.kind, len(proof.states), proof.counts]))
