"""A server as a process: started, listened to, and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

COMMAND = (sys.executable, "-c", "from airwaybill.__main__ import main; main()")
DEADLINE_SECONDS = 60.0


def serve(
    root: Path, *options: str, host: str = "127.0.0.1", port: int = 0, cache: Path | None = None
) -> tuple[str, ...]:
    """The command that serves ``root``, and changes nothing there unless ``options`` have ``--delta``.

    Port 0 lets the system choose, without ``cache`` each start is the first.
    """
    kept = ("--no-cache",) if cache is None else ("--cache", str(cache))
    return (*COMMAND, "serve", str(root), "--host", host, "--port", str(port), "--no-delta", *kept, *options)


class ServerProcess:
    """A command that says ``serving … at URL`` on its standard error as soon as it serves.

    ``stdout`` takes its access log, a file that is dropped when there is none. ``said`` has the lines of its standard
    error, all of them after ``end``; ``hear`` is called with each, in a thread.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        stdout: IO[Any] | int | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        hear: Callable[[str], object] | None = None,
    ) -> None:
        with tempfile.TemporaryFile() as dropped:
            self.process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdout=dropped if stdout is None else stdout,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        self.url = ""
        self.said: list[str] = []
        self._hear = hear
        self._serves_or_ended = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def wait(self) -> None:
        """Returns when it serves."""
        self._serves_or_ended.wait(DEADLINE_SECONDS)
        if not self.url:
            raise RuntimeError(f"the server did not start: {self.said}")

    def end(self, number: int = signal.SIGKILL) -> int:
        """Sends a signal, if it still runs, and gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(DEADLINE_SECONDS)
        self._listener.join()
        return code

    def _listen(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self.said.append(line)
                if line.startswith("serving "):
                    self.url = line.split()[-1]
                    self._serves_or_ended.set()
                if self._hear is not None:
                    self._hear(line.rstrip("\n"))
        self._serves_or_ended.set()


@contextmanager
def started(command: Sequence[str], **options: Any) -> Iterator[ServerProcess]:
    """A `ServerProcess` that serves, killed afterwards."""
    server = ServerProcess(command, **options)
    try:
        server.wait()
        yield server
    finally:
        server.end()
