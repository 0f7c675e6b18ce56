"""What the command line writes on a terminal, or to whoever reads it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from airwaybill import Content

if TYPE_CHECKING:
    from rich.table import Table

PROGRESS_AFTER_SECONDS = 0.5


def complain(line: str, prefix: str = "airwaybill: ") -> None:
    # A full disk ends nothing. In one piece: another thread may write to the log.
    with suppress(OSError):
        sys.stderr.write(f"{prefix}{line}\n")
        sys.stderr.flush()


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None] | None]:
    """A callback that shows a progress bar on a terminal, for work that takes longer than a moment."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task(label)
    began = time.monotonic()

    def show(done: int, total: int) -> None:
        if time.monotonic() - began > PROGRESS_AFTER_SECONDS:
            bar.start()
            bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        bar.stop()


def new_table(*columns: str) -> Table:
    """A table; a column whose name ends in `>` is right-aligned."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        right = column.endswith(" >")
        name = column[:-2] if right else column
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    return table


def print_tables(*tables: Table) -> None:
    from rich.console import Console

    # Lines for programs are not wrapped.
    width = None if sys.stdout.isatty() else 10_000
    console = Console(markup=False, highlight=False, emoji=False, width=width)
    for table in tables:
        if table.row_count:
            with console.capture() as capture:
                console.print(table)
            print("\n".join(line.rstrip() for line in capture.get().splitlines()), end="\n\n")


def print_json(document: object) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))


def size_of(size: int) -> str:
    return f"{size:,}".replace(",", " ") + " B"


def compared(expected: Content | None, found: Content | None) -> str:
    return ", ".join(
        f"{name} {_content(content)}" for name, content in (("expected", expected), ("found", found)) if content
    )


def _content(content: Content) -> str:
    return content.sha1 if content.size is None else f"{size_of(content.size)} {content.sha1}"


def shown(text: str) -> str:
    """``text`` on one line, without control characters for a terminal."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
