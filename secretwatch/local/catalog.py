"""LocalStack's index of all AWS services, built once for an installation.

Without it the first request to a fresh LocalStack takes seconds longer and the process keeps some
350 MiB more, since it reads the models of all services. LocalStack's own images carry it ready-made.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def prepare_catalog(fallback: Path) -> Path:
    """The folder that holds the index; built there if need be, in another process for its memory.

    It lies in the virtual environment of this Python, or under `fallback` where there is none to write to.
    """
    versions = "-".join(importlib.metadata.version(name) for name in ("localstack-core", "botocore"))
    in_venv = sys.prefix != sys.base_prefix and os.access(sys.prefix, os.W_OK)
    root = Path(sys.prefix) / "var" / "secretwatch" if in_venv else fallback
    folder = root / f"localstack-{versions}"
    if folder.exists():
        return folder
    root.mkdir(mode=0o700 if root == fallback else 0o777, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".new-") as scratch:
        built = Path(scratch) / "usr/lib/localstack"
        built.mkdir(parents=True)
        environment = {"FILESYSTEM_ROOT": scratch, "OVERRIDE_IN_DOCKER": "0", "HOME": scratch}
        # Where this fails LocalStack still works, only slower.
        subprocess.run(
            [sys.executable, "-m", "localstack.aws.spec"],
            cwd=scratch,
            env={"PATH": os.environ.get("PATH", "")} | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            umask=-1 if in_venv else 0o077,
            check=False,
        )
        # Two may do this at the same time: the first one's folder stays.
        if not folder.exists():
            try:
                built.rename(folder)
            except OSError:
                shutil.rmtree(built, ignore_errors=True)
    return folder
