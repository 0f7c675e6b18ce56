"""The server as a process: started, killed, started again on the same port, and observed from outside."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from pathlib import Path

from ledger import Ledger
from link import HOST
from serving import ServerProcess, serve

# All that the server may say: where it is, and that a file changed while it was sent (rule H4).
EXPECTED = re.compile(
    r"serving .* at http://.*|airwaybill: (devices get|offered|withdrawn|held back|warning|error): .*"
    r"|airwaybill: .* changed while it was being sent; connection closed"
)


def held_to_permissions() -> tuple[str, ...] | None:
    """What goes before a command so that permissions hold for it, as they do not for root; None if nothing does it."""
    if os.geteuid() != 0:
        return ()
    drop = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
    try:
        subprocess.run((*drop, "true"), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return drop


class Process:
    """A server for ``root``, the only one at ``port``."""

    def __init__(self, root: Path, port: int, settle: float, prefix: tuple[str, ...], ledger: Ledger) -> None:
        self._command = (*prefix, *serve(root, "--serve-other", "--settle", str(settle), host=HOST, port=port))
        self._ledger = ledger
        self._server: ServerProcess | None = None

    async def start(self) -> None:
        """Starts it, and waits until it serves."""
        self.spawn()
        await self.wait_until_it_serves()

    async def wait_until_it_serves(self) -> None:
        await asyncio.to_thread(self._running.wait)

    def spawn(self) -> None:
        """Starts it, and does not wait."""
        self._server = ServerProcess(self._command, stdout=subprocess.DEVNULL, hear=self._hear)

    def _hear(self, line: str) -> None:
        if not EXPECTED.fullmatch(line):
            self._ledger.fail("the server said something unexpected", line)
        elif line.endswith("connection closed"):
            self._ledger.count("responses cut off: the file changed")

    async def kill(self) -> None:
        """SIGKILL. It must have been alive until then."""
        await self._end(signal.SIGKILL, -signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, and it must end well."""
        await self._end(signal.SIGTERM, 0)

    async def _end(self, number: int, wanted: int) -> None:
        code = await asyncio.to_thread(self._running.end, number)
        if code != wanted:
            self._ledger.fail("the server exited unexpectedly, or badly", f"exit code {code}")

    def abandon(self) -> None:
        """Leaves no server behind, however the run went."""
        if self._server is not None:
            self._server.end()

    @property
    def _running(self) -> ServerProcess:
        assert self._server is not None
        return self._server

    @property
    def resident_bytes(self) -> int:
        status = (self._proc / "status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024

    @property
    def descriptors(self) -> int:
        return len(os.listdir(self._proc / "fd"))

    @property
    def _proc(self) -> Path:
        return Path("/proc") / str(self._running.process.pid)
