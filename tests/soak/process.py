"""The server as a process: started, killed, started again on the same port, and looked at from outside."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from ledger import Ledger
from link import HOST

COMMAND = (sys.executable, "-c", "from airwaybill.cli import main; main()", "serve")
START_SECONDS = 60.0
STOP_SECONDS = 60.0
# All that the server may say: where it is, and that a file changed while it was sent (rule H4).
EXPECTED = re.compile(r"serving .* at http://.*|airwaybill: .* changed while it was sent; connection broken off")


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
        self._command = (*prefix, *COMMAND, str(root), "--host", HOST, "--port", str(port), "--settle", str(settle))
        self._ledger = ledger
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._serves = asyncio.Event()

    async def start(self) -> None:
        """Starts it, and waits until it serves."""
        await self.spawn()
        await self.wait_until_it_serves()

    async def wait_until_it_serves(self) -> None:
        await asyncio.wait_for(self._serves.wait(), START_SECONDS)

    async def spawn(self) -> None:
        """Starts it, and does not wait."""
        self._serves.clear()
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self._listening = asyncio.create_task(self._listen(self._process))

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        async for line in process.stderr:
            said = line.decode().rstrip("\n")
            if not EXPECTED.fullmatch(said):
                self._ledger.fail("the server said something unexpected", said)
            elif said.startswith("serving "):
                self._serves.set()
            else:
                self._ledger.count("answers broken off: the file changed")
        # Nothing comes after its end, whatever that was.
        self._serves.set()

    async def kill(self) -> None:
        """SIGKILL. It must have been alive until then."""
        await self._end(signal.SIGKILL, -signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, and it must end well."""
        await self._end(signal.SIGTERM, 0)

    async def _end(self, number: int, wanted: int) -> None:
        assert self._process is not None
        assert self._listening is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        code = await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        await self._listening
        if code != wanted:
            self._ledger.fail("the server ended by itself, or badly", f"exit code {code}")

    def abandon(self) -> None:
        """Leaves no server behind, however the run went."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

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
        assert self._process is not None
        return Path("/proc") / str(self._process.pid)
