"""Every figure of ``make bench``: what it is, beside what, the bar it is held against, and what bounds it.

The scripts measure and know no bar; `figures.py` joins both.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """``bar`` holds for the ratio to the peer, or without a peer for the figure itself; None: only to be looked at.

    ``part`` and ``key`` say where the figure is: ``target/bench/<part>.json``, under that key.
    """

    part: str
    key: str
    name: str
    unit: str
    peer: str | None = None
    bar: float | None = None
    at_least: bool = True
    what: str = ""
    bound: str = ""


VENDOR = "vendor's way"
HASH_WASM = "hash-wasm"

EACH_FILE = "The kernel looks at each file, changed or not."
CACHE = "Ten thousand files stay in the processor's cache, a million do not."
LOAD = "The load generator takes as much of the two processors as the server."
EACH_REQUEST = "Python runs for each request: two look-ups, four headers, a line of the access log."
TWO_THREADS = (
    "granian hands each request from its own thread to Python's and back, four switches a request where nginx has one "
    "at most; under a bare application it costs as much."
)
BARE = "bare application"
INTEGERS = "WebAssembly has no SHA instructions: both are integer arithmetic."
FIRST = "first edition"
OPENMV = "openmv-ota"
LITTLEFS = "littlefs reads a directory for each file that is opened, and more of it for each that is renamed out of it."
HEAP = "The client's own code and the state of the manifest's parser."

ROWS = (
    Row(
        "engine",
        "catalog",
        "catalog of 1,000,000 files",
        "M files/s",
        "dicts, sorted",
        3,
        what="A listing without order becomes a catalog, beside the same listing in Python's dicts, sorted by path.",
    ),
    Row(
        "engine",
        "catalog-unsorted",
        "catalog of 1,000,000 files",
        "M files/s",
        "dicts, not sorted",
        3,
        what="The same beside dicts that stay in the order of the listing.",
        bound="The engine checks each path and sorts, which this peer does not; most of its time is memory that the "
        "process touches for the first time.",
    ),
    Row(
        "engine",
        "plan",
        "plan between 2 x 1,000,000 files",
        "M files/s",
        "sets",
        40,
        what="What to delete, add and update between two releases, beside Python's set algebra on dicts.",
    ),
    Row(
        "engine",
        "catalog-growth",
        "catalog: time a file at 1,000,000",
        "µs",
        "that at 10,000",
        1.5,
        at_least=False,
        bound=CACHE,
    ),
    Row(
        "engine",
        "plan-growth",
        "plan: time a file at 2 x 1,000,000",
        "µs",
        "that at 2 x 5,000",
        1.5,
        at_least=False,
        bound=CACHE,
    ),
    Row(
        "scan",
        "small",
        "scan of 10,000 files of 4 KiB",
        "s",
        "sha1sum -P2",
        0.65,
        at_least=False,
        what="Walk and hash with two threads, in a new process whose start is not counted, the files in the page "
        "cache; beside `find -type f -print0 | xargs -0 -P2 -n500 sha1sum`.",
        bound="Both wait for the kernel to open and read each file.",
    ),
    Row(
        "scan",
        "large",
        "scan of 100 files of 4 MiB",
        "s",
        "openssl -P2",
        0.80,
        at_least=False,
        what="The same beside `openssl dgst -sha1 -r` under `xargs -P2`.",
        bound="Both hash with the processor's SHA instructions.",
    ),
    Row(
        "scan",
        "again",
        "second scan of 10,000 files",
        "s",
        "the first",
        0.40,
        at_least=False,
        what="With nothing changed in between.",
        bound=EACH_FILE,
    ),
    Row(
        "scan",
        "memory",
        "memory of a scan of 1,000,000 files",
        "MiB",
        bar=431,
        at_least=False,
        what="The most that the process had while `scan` made a catalog of two releases. The bar is half of 862 MiB, "
        "what it took on the same files when whole paths were kept in a hash table.",
    ),
    Row(
        "scan",
        "memory-again",
        "memory of a second scan of them",
        "MiB",
        bar=520,
        at_least=False,
        what="In the same process, which still has the first catalog. The bar is half of 1,040 MiB, found likewise.",
    ),
    Row(
        "scan",
        "start",
        "second start, 10,000 files of 64 KiB",
        "s",
        "the first",
        0.25,
        at_least=False,
        what="The scan of a new process, beside the first one, which hashed the files and kept their digests on disk.",
        bound=EACH_FILE,
    ),
    Row(
        "scan",
        "start-small",
        "second start, 10,000 files of 4 KiB",
        "s",
        "the first",
        at_least=False,
        what="The same with files that take hardly longer to hash than to look at.",
        bound=EACH_FILE,
    ),
    Row(
        "check",
        "pairs",
        "errors and warnings in ten pairs of releases",
        "findings",
        None,
        0,
        at_least=False,
        what="Of packages for boards as PyPI has them, two versions that followed each other, below `flash/lib`: what "
        "is right gets hints at most.",
    ),
    Row(
        "check",
        "cost",
        "check of 2 x 10,000 files",
        "s",
        "the first scan",
        0.3,
        at_least=False,
        what="One file of a hundred differs; what the check wants to know of content is read. Both in one new process.",
    ),
    Row(
        "check",
        "start",
        "cold start to the first manifest",
        "s",
        "without the check",
        1.05,
        at_least=False,
        what="Of `airwaybill serve` on the same releases, beside the same with the check taken out.",
    ),
    Row(
        "server",
        "manifests-10-vendor",
        "manifests, release of 10 files",
        "/s",
        VENDOR,
        50,
        what="64 connections (`wrk`), one worker, beside the vendor's way: one request at a time, both releases walked "
        "and compared and the changed files hashed for each.",
        bound=LOAD,
    ),
    Row(
        "server",
        "manifests-10-constant",
        "manifests, release of 10 files",
        "/s",
        "constant bytes",
        0.8,
        what="Beside the same HTTP server under a bare application that answers as many bytes, always the same, and "
        "keeps no access log.",
        bound=EACH_REQUEST,
    ),
    Row("server", "manifests-1000-vendor", "manifests, release of 1,000 files", "/s", VENDOR, 800, bound=LOAD),
    Row(
        "server",
        "manifests-1000-constant",
        "manifests, release of 1,000 files",
        "/s",
        "constant bytes",
        0.8,
        bound=EACH_REQUEST,
    ),
    Row(
        "server",
        "distinct",
        "10,000 distinct requests in rotation",
        "/s",
        "one, repeated",
        0.6,
        what="Requests for a manifest of a release of 10 files that differ in the firmware's version, of which there "
        "are a hundred, and in a parameter that is ignored; beside the same request again and again.",
        bound="The distinct requests are longer, and the look-up reads more of the memory.",
    ),
    Row(
        "server",
        "image-nginx",
        "1.5 MiB firmware image",
        "/s",
        "nginx",
        0.95,
        what="16 connections, one worker each; nginx with `sendfile`.",
        bound="The image goes through the process in pieces; nginx's never leaves the kernel.",
    ),
    Row("server", "image-vendor", "1.5 MiB firmware image", "/s", VENDOR),
    Row(
        "update",
        "one",
        "whole update, one device",
        "/s",
        "nginx",
        0.75,
        what="The manifest, 60 files of 1 KiB and a 1.5 MiB image, one after the other over one connection; beside "
        "nginx that sends the same bytes, the manifest as a file.",
        bound=TWO_THREADS,
    ),
    Row(
        "update",
        "one-bare",
        "whole update, one device",
        "/s",
        BARE,
        what="Beside the same HTTP server under an application that looks up the path among bodies in memory.",
    ),
    Row("update", "one-vendor", "whole update, one device", "/s", VENDOR),
    Row("update", "sixteen", "whole update, 16 at once", "/s", "nginx", 0.75, bound=TWO_THREADS),
    Row("update", "sixteen-bare", "whole update, 16 at once", "/s", BARE),
    Row(
        "large",
        "start",
        "cold start to the first manifest",
        "s",
        VENDOR,
        what="From the start of the process to the last byte of a manifest, two releases of 10,000 files of 1 KiB in "
        "the page cache. Here every file is hashed by then; the vendor's way compares the two releases, and does so "
        "again at each request.",
    ),
    Row(
        "large",
        "memory",
        "memory of the server, 10,000 files",
        "MiB",
        None,
        150,
        at_least=False,
        what="Resident after 10,000 manifests of a release of 10,000 files, full installs and updates, under twenty "
        "host names.",
    ),
    Row(
        "fuel",
        "catalog",
        "catalog: fuel a file at 100,000",
        "fuel",
        "that at 1,000",
        1.3,
        at_least=False,
        what="Fuel is WebAssembly instructions counted by wasmtime: the same at every run.",
    ),
    Row("fuel", "plan", "plan: fuel a file at 100,000", "fuel", "that at 1,000", 1.3, at_least=False),
    Row("fuel", "manifest", "manifest: fuel a file at 100,000", "fuel", "that at 1,000", 1.3, at_least=False),
    Row(
        "fuel",
        "kept",
        "fuel a file, what grew most",
        "fuel",
        "that kept",
        1.1,
        at_least=False,
        what="Today's fuel beside that in `tests/fuel.json`.",
    ),
    Row(
        "npm-plan",
        "update",
        "plan of 100,000 files in WebAssembly",
        "ms",
        None,
        10,
        at_least=False,
        what="In Node, from the call until the lists are read; one file in a hundred differs.",
    ),
    Row(
        "npm-plan",
        "install",
        "full install of 100,000 files",
        "/s",
        "native",
        0.4,
        what="The same where every file crosses the boundary.",
    ),
    Row("npm-plan", "manifest", "manifest of 100,000 files", "/s", "native"),
    Row("npm-plan", "catalog", "catalog of 200,000 files", "/s", "native", 0.4),
    Row(
        "npm-sha1",
        "stream",
        "SHA-1 in Node, one 256 MiB stream",
        "MB/s",
        HASH_WASM,
        0.9,
        what="In pieces of 1 MiB, beside the npm package hash-wasm.",
        bound=INTEGERS,
    ),
    Row("npm-sha1", "files", "SHA-1 in Node, 20,000 x 8 KiB", "MB/s", HASH_WASM, 0.9, bound=INTEGERS),
    Row(
        "npm-sha1",
        "workers",
        "hashFiles, two workers",
        "MB/s",
        "one worker",
        1.8,
        what="64 files of 8 MiB.",
        bound="Two processors carry the two workers, the main thread and what Node reads with.",
    ),
    Row(
        "delta",
        "detools",
        "patch of a published pair, worst of 11",
        "B",
        "detools, zlib -9",
        1.02,
        at_least=False,
        what="Beside detools' patch in a zlib stream with a window of 1 KB.",
    ),
    Row(
        "delta",
        "mpy-gzip",
        "patches of 4 published pairs, .mpy",
        "B",
        "gzip -9",
        0.12,
        at_least=False,
        what="Modules of microdot, MiniMQTT and Requests.",
    ),
    Row(
        "delta",
        "mpy-openmv",
        "patches of 4 published pairs, .mpy",
        "B",
        OPENMV,
        0.35,
        at_least=False,
        what="Its patches are compressed with gzip -9.",
    ),
    Row("delta", "py-gzip", "patches of 4 published pairs, .py", "B", "gzip -9", 0.05, at_least=False),
    Row("delta", "py-openmv", "patches of 4 published pairs, .py", "B", OPENMV, 0.1, at_least=False),
    Row(
        "delta",
        "firmware-lzma",
        "patches of 3 published images",
        "B",
        "detools lzma",
        1.16,
        at_least=False,
        what="Of GreatFET, Cynthion and the micro:bit.",
    ),
    Row(
        "delta", "firmware-heatshrink", "patches of 3 published images", "B", "detools heatshrink", 0.85, at_least=False
    ),
    Row("delta", "firmware-openmv", "patches of 3 published images", "B", OPENMV, 0.65, at_least=False),
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
        "npm-size",
        "wasm",
        "the .wasm, gzipped",
        "KB",
        None,
        200,
        at_least=False,
        bound="The engine and its check, their messages, and what they use of the standard library: sorting, text.",
    ),
    Row("npm-size", "glue", "JavaScript of a page, gzipped", "KB", None, 10, at_least=False),
    Row(
        "preview",
        "plan",
        "preview: another plan of 10,000 files",
        "ms",
        None,
        100,
        at_least=False,
        what="In Chromium, from the choice of a version until the frame that shows its plan, the slowest of three.",
    ),
    Row(
        "preview",
        "longest",
        "preview: longest task",
        "ms",
        None,
        200,
        at_least=False,
        what="While a person sorts, filters, scrolls and opens each view. A task under 50 ms is not counted.",
    ),
    Row(
        "preview",
        "hashing",
        "preview: a folder of 10,000 files",
        "ms",
        "hashFiles alone",
        1.5,
        at_least=False,
        what="From the choice of the folder until it is open, beside the package's workers without the page.",
    ),
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
        for package in ("microdot", "adafruit-circuitpython-minimqtt")
        for row in (
            Row(
                "device-patches",
                f"time-{package}",
                f"update of {package} with patches",
                "s",
                "whole files",
                0.35,
                at_least=False,
                what="At 2 Mbit/s and 40 ms: a whole update by the device client, its journal and MicroPython's start "
                "included, from the same server without patches.",
            ),
            Row("device-patches", f"bytes-{package}", "bytes received for it", "B", "whole files", 0.2, at_least=False),
        )
    ),
)
