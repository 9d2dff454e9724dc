"""The process of the local cloud: LocalStack in host mode, until SIGTERM.

Run by `process.py` as `python -m secretwatch.local.child STATE_DIR [--tied]`. The state directory on the
command line is what a later command knows this process by. With `--tied`, the end of standard input
means that the starter is gone, however it ended, and the local cloud goes too.
"""

from __future__ import annotations

import gc
import os
import runpy
import signal
import sys
import threading


def _follow_the_starter() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    if "--tied" in sys.argv:
        threading.Thread(target=_follow_the_starter, daemon=True).start()
    # Looking for garbage takes a fifth of the start, in which next to nothing becomes any.
    gc.set_threshold(20_000, 20, 20)
    runpy.run_module("localstack.runtime.main", run_name="__main__")


if __name__ == "__main__":
    main()
