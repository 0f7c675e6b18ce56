"""Who signed a document (T4)."""

from micropython import const

from airwaybill.ed25519 import verifies
from airwaybill.sshsig import parse
from OTA import OTAError

_SIGNATURES = const(8)
MESSAGE = b"SSHSIG\0\0\0\x12waybill@airwaybill\0\0\0\0\0\0\0\x06sha256\0\0\0\x20"


def signers(digest, files, keys, tried):
    """Those of `keys` that signed the document with this SHA-256, in order; and (name, error) of each signature that
    does not count. `files`: (name, content). `tried` gets the keys that have a signature: none is verified twice."""
    message = MESSAGE + digest
    signed = []
    skipped = []
    for index, (name, file) in enumerate(files):
        try:
            if index >= _SIGNATURES:
                raise OTAError("signatures_too_many", name)
            key, signature = parse(file)
            if key not in keys:
                code = "signature_unknown"
            elif key in tried:
                code = "signature_twice"
            else:
                tried.append(key)
                if verifies(key, message, signature):
                    signed.append(key)
                    continue
                code = "signature_wrong"
            raise OTAError(code, name)
        except OTAError as error:
            skipped.append((name, error))
    return signed, skipped
