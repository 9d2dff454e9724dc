"""A copy of a root module to run Terraform in: nothing is written beside the original.

Its own files are copied, whatever lies around it is there as links: `../modules/alarm` still leads to the
module. Its state is a file in the copy, whatever backend the configuration names.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import re
import shutil
from pathlib import Path

_LEFT_OUT = (".terraform", "*.tfstate", "*.tfstate.*", "*.tfplan", "crash.log")
_OVERRIDE = "secretwatch_override.tf"
_LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'
_DECLARED = re.compile(r'^[ \t]*variable[ \t]+"?([\w-]+)"?', re.MULTILINE)
_WITHOUT_REPOSITORY = 3
"""How far up a module may reach where no folder above it is a clone of a repository."""


class NotARoot(ValueError):
    """There is no Terraform configuration; the text says where it was looked for."""


def copied(directory: Path, scratch: Path) -> Path:
    """Copy a root module into the empty folder ``scratch``; the copy's folder.

    Links lead to what lies around it up to the repository's top (`.git`), or three folders up without one.
    Raises NotARoot for a folder without `*.tf` files.
    """
    __tracebackhide__ = True
    source = directory.resolve()
    if not source.is_dir() or not any((*source.glob("*.tf"), *source.glob("*.tf.json"))):
        raise NotARoot(f"{directory} holds no Terraform configuration: name the folder of a root module.")
    top = _top(source)
    target = scratch
    here = top
    for part in source.relative_to(top).parts:
        _link_all(here, target, but=part)
        here, target = here / part, target / part
    target.mkdir(parents=True, exist_ok=True)
    for each in source.iterdir():
        if _is_left_out(each.name):
            continue
        if each.is_dir():
            (target / each.name).symlink_to(each)
        else:
            shutil.copyfile(each, target / each.name)
    (target / _OVERRIDE).write_text(_LOCAL_STATE)
    return target


def variables(root: Path) -> set[str]:
    """The names of the variables that a root module declares."""
    found: set[str] = set()
    for file in root.glob("*.tf"):
        found.update(_DECLARED.findall(file.read_text(errors="replace")))
    for file in root.glob("*.tf.json"):
        # Terraform says what is wrong with a file that is no JSON.
        with contextlib.suppress(ValueError, AttributeError):
            found.update(json.loads(file.read_text()).get("variable", {}))
    return found


def _top(source: Path) -> Path:
    clones = [each for each in (source, *source.parents) if (each / ".git").exists()]
    if clones:
        return clones[0]
    return source.parents[min(_WITHOUT_REPOSITORY, len(source.parents)) - 1]


def _link_all(folder: Path, target: Path, but: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for each in folder.iterdir():
        if each.name not in (but, ".git") and not _is_left_out(each.name):
            (target / each.name).symlink_to(each)


def _is_left_out(name: str) -> bool:
    return any(fnmatch.fnmatch(name, each) for each in _LEFT_OUT)
