"""The figures of the device client."""

from __future__ import annotations

from row import Row

FIRST = "first edition"
LITTLEFS = "littlefs reads a directory for each file that is opened, and more of it for each that is renamed out of it."
HEAP = "The client's own code and the state of the manifest's parser."

DEVICE_ROWS = (
    Row(
        "device-memory",
        "mpy-10",
        "heap for 10 files, .mpy",
        "KB",
        None,
        what="The least heap with which an update of so many files completes, on the 64-bit port, whose objects are "
        "twice the size of a board's; sought by halving.",
    ),
    Row(
        "device-memory",
        "mpy-100",
        "heap for 100 files, .mpy",
        "KB",
        None,
        61,
        at_least=False,
        bound=HEAP,
    ),
    Row(
        "device-memory",
        "mpy-1000",
        "heap for 1,000 files, .mpy",
        "KB",
        None,
        61,
        at_least=False,
        bound=HEAP,
    ),
    Row(
        "device-memory",
        "mpy-patches",
        "heap for 100 files, patches used, .mpy",
        "KB",
        None,
        66,
        at_least=False,
        bound=HEAP,
    ),
    Row(
        "device-memory",
        "mpy-image",
        "the same, signed, with an image of 1.5 MB",
        "KB",
        None,
        66,
        at_least=False,
        what="All of it as patches; what stands for the board's two partitions is on the heap as well.",
        bound=HEAP,
    ),
    Row("device-memory", "source-10", "heap for 10 files, source", "KB", None),
    Row("device-memory", "source-100", "heap for 100 files, source", "KB", None),
    Row("device-memory", "source-1000", "heap for 1,000 files, source", "KB", None),
    Row(
        "device-signed",
        "documents",
        "signed documents of 100 files",
        "B",
        "TUF's",
        0.65,
        at_least=False,
        what="Waybill and signature, as an update asks for them, beside root, targets, snapshot and timestamp of the "
        "same files as `python-tuf` writes them without white space: two root keys, one for targets, one online.",
    ),
    Row(
        "device-signed",
        "judged",
        "waybill of 1,000 files",
        "ms",
        None,
        60,
        at_least=False,
        what="Processor time of MicroPython on this machine for signature, keys and each line.",
    ),
    Row(
        "device-signed",
        "mpy",
        "heap for 100 files, signed, .mpy",
        "KB",
        None,
        65,
        at_least=False,
        bound="MicroPython's table of names, which doubles in one piece at 620 of them.",
    ),
    Row(
        "device-flash",
        "reads-100",
        "flash read for 100 new files",
        "MB",
        FIRST,
        what="By a whole update of small new files on littlefs, from the request to `confirm()`, beside the client's "
        "first edition.",
    ),
    Row("device-flash", "reads-300", "flash read for 300 new files", "MB", FIRST, 0.1, at_least=False, bound=LITTLEFS),
    Row("device-flash", "time-1000", "update of 1,000 files", "s", FIRST, 0.25, at_least=False),
    Row(
        "device-link",
        "updates",
        "60 files at 2 Mbit/s and 40 ms",
        "/min",
        "a connection a file",
        4,
        what="Whole updates of 60 small files by the device client, its journal included, beside a client as they are "
        "in the field: a connection a request, 100 bytes a read.",
        bound="The bytes themselves, and a round trip for each file.",
    ),
    Row("device-link", "received", "bytes received for them", "B", "a connection a file"),
    *(
        row
        for source, words, limit in (
            ("microdot", "microdot", "Round trips, and MicroPython's start."),
            ("packages", "ten packages", ""),
            ("examples", "the example releases", "Its three files are as small as the manifest that names them."),
        )
        for row in (
            Row(
                "device-patches",
                f"time-{source}",
                f"update of {words} with patches",
                "s",
                FIRST,
                0.35,
                at_least=False,
                what="At 2 Mbit/s and 40 ms: a whole update, its journal and MicroPython's start included, beside the "
                "client's first edition.",
                bound=limit,
            ),
            Row(
                "device-patches",
                f"bytes-{source}",
                "bytes received for it",
                "B",
                FIRST,
                0.2,
                at_least=False,
                bound=limit,
            ),
        )
    ),
)
