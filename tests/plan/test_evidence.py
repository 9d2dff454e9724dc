"""Evidence is not destroyed by the way: the plan is refused before anything goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from secretwatch.terraform import TerraformFailed

ROOT = """
variable "bucket" {
  default = null
}

variable "bucket_force_destroy" {
  default = false
}

variable "key" {
  default = null
}

variable "name" {
  default = "evidence"
}

module "secretwatch" {
  source = "../"

  email_addresses = []
  kms_keys        = { trail = var.key == null ? null : { arn = var.key } }
  name            = var.name
  secrets         = ["db"]
  trail = {
    bucket               = var.bucket == null ? null : { name = var.bucket }
    bucket_force_destroy = var.bucket_force_destroy
  }
}
"""

KEY = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
GUARD = "module.secretwatch.module.trail[0].terraform_data.evidence"
GUARDS = ["instance", "name", "bucket", "key"]


def guard(key: Any, name: str | None = None) -> dict[str, Any]:
    trigger = {"value": name, "type": "string"} if name else None
    attributes = {"id": "guard", "input": None, "output": None, "triggers_replace": trigger}
    return {"index_key": key, "schema_version": 0, "attributes": attributes}


def state(*guards: dict[str, Any]) -> str:
    """What an apply leaves behind, as far as this is concerned."""
    made = {
        "module": "module.secretwatch.module.trail[0]",
        "mode": "managed",
        "type": "terraform_data",
        "name": "evidence",
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": list(guards),
    }
    return json.dumps(
        {"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "evidence", "resources": [made]}
    )


# As a plan of today leaves it, and as earlier ones did.
STATE = state(*(guard(key, "evidence" if key == "name" else None) for key in GUARDS))
EARLIER = state(guard(0))


@pytest.fixture
def root(terraform: Any, aws: dict[str, str]) -> Path:
    made: Path = terraform.module / "evidence"
    if not made.exists():
        terraform.new_root("evidence", ROOT)
    (made / "terraform.tfstate").write_text(STATE)
    return made


def refused(terraform: Any, root: Path, *arguments: str) -> str:
    with pytest.raises(TerraformFailed) as failed:
        terraform.run(root, "plan", "-refresh=false", *arguments)
    return " ".join(failed.value.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["-destroy"], "instance"),
        pytest.param(["-var", "bucket_force_destroy=true"], "instance", marks=pytest.mark.later),
        pytest.param(["-var", "name=another"], "name", marks=pytest.mark.later),
        (["-var", "bucket=archive"], "bucket"),
        pytest.param(["-var", f"key={KEY}"], "key", marks=pytest.mark.later),
    ],
    ids=["destroyed", "allowed later", "renamed", "another bucket", "another key"],
)
def test_a_plan_that_would_lose_evidence_is_refused(
    terraform: Any, root: Path, arguments: list[str], what: str
) -> None:
    said = refused(terraform, root, *arguments)
    assert f'Resource {GUARD}["{what}"] has lifecycle.prevent_destroy set' in said


@pytest.mark.later
def test_the_guard_of_earlier_plans_still_guards(terraform: Any, root: Path) -> None:
    (root / "terraform.tfstate").write_text(EARLIER)
    assert "lifecycle.prevent_destroy set" in refused(terraform, root, "-destroy")
    said = terraform.run(root, "plan", "-refresh=false")
    assert f'{GUARD}[0] has moved to {GUARD}["instance"]' in " ".join(said.split())
    assert "0 to change, 0 to destroy" in said


@pytest.mark.later
def test_of_what_they_are_not_there_yet_they_do_not_guard(terraform: Any, root: Path, repo: Path) -> None:
    """A known limit, which the page names: a guard that a plan creates refuses nothing in that plan."""
    assert "upgrade alone" in (repo / "docs/second-day/leave.md").read_text()
    (root / "terraform.tfstate").write_text(EARLIER)
    terraform.run(root, "plan", "-refresh=false", "-var", "name=another")


def test_the_documented_way_lifts_it(terraform: Any, root: Path, repo: Path) -> None:
    documented = (repo / "docs/second-day/leave.md").read_text()
    assert f"terraform state rm '{GUARD}'" in documented
    terraform.run(root, "state", "rm", GUARD)
    terraform.run(root, "plan", "-refresh=false", "-destroy", "-var", "bucket_force_destroy=true")
    said = terraform.run(root, "plan", "-refresh=false", "-var", "bucket_force_destroy=true")
    assert "terraform_data.evidence" not in said
