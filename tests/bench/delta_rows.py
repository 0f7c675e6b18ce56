"""The figures of patches: of each kind of file beside every peer, and what making and applying them takes."""

from __future__ import annotations

from row import Row

DETOOLS = "detools, zlib -9"
PEERS = {
    "gzip": "gzip -9",
    "detools": DETOOLS,
    "heatshrink": "detools heatshrink",
    "lzma": "detools lzma",
    "bsdiff4": "bsdiff4",
    "xdelta3": "xdelta3 -9",
    "openmv": "openmv-ota",
}
WHAT = {
    "gzip": "The new file, compressed.",
    "detools": "Its patch without compression, in a zlib stream with a window of 1 KB: the form used here.",
    "openmv": "Its patches, compressed with gzip -9.",
}
KINDS: dict[str, tuple[str, str, dict[str, float]]] = {
    "mpy": (
        "patches of 4 published pairs, .mpy",
        "Modules of microdot, MiniMQTT and Requests.",
        {"gzip": 0.12, "openmv": 0.35},
    ),
    "py": ("patches of 4 published pairs, .py", "The same modules.", {"gzip": 0.05, "openmv": 0.1}),
    "firmware": (
        "patches of 3 published images",
        "Of GreatFET, Cynthion and the micro:bit.",
        {"lzma": 1.16, "heatshrink": 0.85, "openmv": 0.65},
    ),
}


def beside_peers(kind: str) -> tuple[Row, ...]:
    name, files, bars = KINDS[kind]
    first = kind == "mpy"
    return tuple(
        Row(
            "delta",
            f"{kind}-{key}",
            name,
            "B",
            peer,
            bars.get(key),
            at_least=False,
            what=" ".join(filter(None, [files if key == "gzip" else "", WHAT.get(key, "") if first else ""])),
        )
        for key, peer in PEERS.items()
    )


DELTA_ROWS = (
    Row(
        "delta",
        "worst",
        "patch of a published pair, worst of 11",
        "B",
        DETOOLS,
        1.02,
        at_least=False,
        what="The pair whose ratio is highest.",
    ),
    *(row for kind in KINDS for row in beside_peers(kind)),
    Row(
        "delta",
        "files",
        "making patches of 100 files of 20 KB",
        "s",
        None,
        2,
        at_least=False,
        what="Processor time; noise, and a few changes in it.",
    ),
    Row("delta", "image", "making a patch of an image of 1.5 MB", "s", None, 3, at_least=False),
    Row(
        "delta",
        "decoder",
        "the device's decoder, .mpy",
        "KB",
        None,
        1.5,
        at_least=False,
        what="What `apply` of the client's `airwaybill/patch.py` is made of, without what fetches patches.",
    ),
    Row(
        "delta",
        "decoder-heap",
        "heap while it decodes",
        "KB",
        None,
        5,
        at_least=False,
        what="For the image of 1.5 MB on the 64-bit port, beside its code and the open files; sought by halving.",
    ),
)
