"""The figures of the release preview: what a person waits for in Chromium."""

from __future__ import annotations

from row import Row

BEFORE = "the page before"

PREVIEW_ROWS = (
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
        "zip",
        "preview: a zip of 18,000 files, 50 MB",
        "s",
        BEFORE,
        0.5,
        at_least=False,
        what="Processor time of the page and its worker in Chromium, from the choice of the zip until it is open. "
        "The page before is that of the commit before it looked at what it is given.",
    ),
    Row(
        "preview",
        "headline",
        "preview: headline of 18,000 files",
        "ms",
        BEFORE,
        0.8,
        at_least=False,
        what="Of a server's releases, from the browser's first request until a frame shows what a device downloads.",
    ),
    Row(
        "preview",
        "another",
        "preview: another plan of 18,000 files",
        "ms",
        None,
        100,
        at_least=False,
        what="As that of 10,000 files.",
    ),
    Row(
        "preview",
        "opening",
        "preview: longest task with 18,000 files",
        "ms",
        None,
        200,
        at_least=False,
        what="While the zip is opened, and while other plans are chosen. A task under 50 ms is not counted.",
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
)
