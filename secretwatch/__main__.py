"""The command `secretwatch`, also as `python -m secretwatch`.

Nothing is imported before it can be interrupted without a traceback.
"""

from __future__ import annotations

import os
import sys


def run() -> None:
    try:
        from secretwatch.cli.guard import guarded

        guarded()
    except KeyboardInterrupt:
        os.write(2, b"It was interrupted.\n")
        sys.exit(130)
    except ImportError as error:
        os.write(2, f"secretwatch is not installed whole ({error}): pip install secretwatch.\n".encode())
        sys.exit(5)


if __name__ == "__main__":
    run()
