"""What `terraform show -json` says of a plan, a state or a root module, asked where it is not there yet.

Nothing is applied, and no plan is kept: one that is made here lies in a temporary folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from secretwatch import terraform
from secretwatch.backtest.subject import Subject
from secretwatch.pipeline.backtest.planned import NothingToTest, read

_LARGEST = 256 << 20


def subject_in(path: Path, tell: Callable[[str], None] = lambda _: None) -> Subject:
    """A file with `terraform show -json` of a plan or state, a saved plan, or a root module's folder.

    Of a folder its state, where something of the watch is applied, else a plan that is made now.
    Raises NothingToTest, TerraformNotUsable, TerraformFailed, OSError.
    """
    if path.is_dir():
        return _of_folder(path, tell)
    if path.stat().st_size > _LARGEST:
        raise NothingToTest(f"{path} is larger than any plan: name `terraform show -json` of one.")
    with path.open("rb") as file:
        is_saved_plan = file.read(4) == b"PK\x03\x04"
    if is_saved_plan:
        tell(f"asking Terraform what {path} plans")
        return read(_run(path.absolute().parent, "show", "-json", path.name), str(path))
    return read(path.read_text(encoding="utf-8", errors="replace"), str(path))


def _of_folder(folder: Path, tell: Callable[[str], None]) -> Subject:
    tell(f"asking Terraform for the state of {folder}")
    try:
        return read(_run(folder, "show", "-json"), str(folder))
    except (NothingToTest, terraform.TerraformFailed):
        pass  # nothing is applied there
    tell(f"planning {folder}: no watch is applied there")
    with tempfile.TemporaryDirectory(prefix="secretwatch-") as scratch:
        file = str(Path(scratch) / "plan")
        _run(folder, "plan", "-input=false", "-lock=false", f"-out={file}")
        return read(_run(folder, "show", "-json", file), str(folder))


def _run(folder: Path, *arguments: str) -> str:
    import os

    with terraform.environment(lambda _: None) as more:
        return terraform.run(folder, {**os.environ, **more}, *arguments)
