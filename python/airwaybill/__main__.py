"""``python -m airwaybill``, and the entry point of the ``airwaybill`` command."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    # The kernel drops signals to process 1, in a container, as long as nothing handles them; the imports take a while.
    if os.getpid() == 1:
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, lambda number, _: os._exit(128 + number))
    try:
        from airwaybill.cli import main as run

        run()
    except KeyboardInterrupt:
        # Of the imports; what runs then has its own end.
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
