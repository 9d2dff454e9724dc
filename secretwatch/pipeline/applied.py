"""The watch of an applied root module: its outputs and its state, through python-terraform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged, Terraform

from secretwatch import terraform
from secretwatch.pipeline.watch import NotAWatch, Watch


class NothingApplied(Exception):
    """There is no applied watch in the folder; the message is one sentence."""


def watch_in(directory: Path, key: str | None = None) -> Watch:
    """The watch applied from a root module; key: which one, where there are several.

    Only the state is read, with this process's environment; TF_BINARY is honoured.
    Raises NothingApplied, and secretwatch.terraform.TerraformNotUsable.
    """
    outputs = _outputs(directory)
    try:
        return Watch.from_outputs(outputs, key)
    except NotAWatch as error:
        raise NothingApplied(f"{directory} is no watch. {error}") from error


def watches_in(directory: Path) -> list[Watch]:
    """All watches applied from a root module; raises as `watch_in` does."""
    outputs = _outputs(directory)
    try:
        return Watch.all_in(outputs)
    except NotAWatch as error:
        raise NothingApplied(f"{directory} is no watch. {error}") from error


def state_of(directory: Path) -> dict[str, Any]:
    """The state of a root module, as `terraform state pull` prints it: resources, attributes, outputs.

    It is kept in memory alone, and no provider is started for it. Raises as `watch_in` does.
    """
    code, out, err = _terraform(directory).cmd("state pull")
    if code:
        raise NothingApplied(f"The state of {directory} cannot be read: {terraform.first_error(err)}")
    if not out.strip():
        raise NothingApplied(_nothing(directory))
    return _read(out, f"The state of {directory}")


def watches_of(state: dict[str, Any], directory: Path) -> list[Watch]:
    """The watches in a state's outputs, the one of `watch` first. Raises NothingApplied."""
    outputs = state.get("outputs") or {}
    if not isinstance(outputs, dict):
        raise NothingApplied(
            f"The outputs in the state of {directory} do not have the form in which Terraform writes them."
        )
    if not outputs:
        raise NothingApplied(_nothing(directory))
    try:
        found = Watch.all_in(outputs)
        first = Watch.from_outputs(outputs).watch if "watch" in outputs else None
    except NotAWatch as error:
        raise NothingApplied(f"{directory} is no watch. {error}") from error
    return sorted(found, key=lambda each: each.watch != first)


def _terraform(directory: Path) -> Terraform:
    for name in ("terraform.tfstate", ".terraform/terraform.tfstate"):
        if (directory / name).exists() and not (directory / name).is_file():
            raise NothingApplied(f"The state in {directory} cannot be read: {name} is no file.")
    try:
        return Terraform(working_dir=str(directory), terraform_bin_path=terraform.binary())
    except (ValueError, RecursionError, OSError) as error:
        # python-terraform reads a state file that lies there, whatever is in it.
        raise NothingApplied(f"The state in {directory} cannot be read: it is no JSON object.") from error


def _nothing(directory: Path) -> str:
    return f"Nothing is applied in {directory}: run `terraform init` and `terraform apply` there first."


def _outputs(directory: Path) -> dict[str, Any]:
    # Its own `output` tells no error from no outputs.
    code, out, err = _terraform(directory).cmd("output", json=IsFlagged, no_color=IsFlagged)
    if code:
        raise NothingApplied(f"The outputs of {directory} cannot be read: {terraform.first_error(err)}")
    outputs = _read(out, f"Terraform's answer about the outputs of {directory}")
    if not outputs:
        raise NothingApplied(_nothing(directory))
    return outputs


def _read(text: str, what: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NothingApplied(f"{what} cannot be read: it is no JSON object.")
    return found
