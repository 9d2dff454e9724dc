"""Evidence is not destroyed by the way: the plan is refused before anything goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from secretwatch.terraform import TerraformFailed

ROOT = """
variable "bucket_force_destroy" {
  default = false
}

module "secretwatch" {
  source = "../"

  email_addresses = []
  name            = "evidence"
  secrets         = ["db"]
  trail           = { bucket_force_destroy = var.bucket_force_destroy }
}
"""

GUARD = "module.secretwatch.module.trail[0].terraform_data.evidence[0]"

# What an apply leaves behind, as far as this is concerned.
STATE = {
    "version": 4,
    "terraform_version": "1.11.0",
    "serial": 1,
    "lineage": "evidence",
    "resources": [
        {
            "module": "module.secretwatch.module.trail[0]",
            "mode": "managed",
            "type": "terraform_data",
            "name": "evidence",
            "provider": 'provider["terraform.io/builtin/terraform"]',
            "instances": [{"index_key": 0, "schema_version": 0, "attributes": {"id": "guard"}}],
        }
    ],
}


@pytest.fixture
def applied(terraform: Any, aws: dict[str, str], request: pytest.FixtureRequest) -> Path:
    root: Path = terraform.module / "evidence"
    if not root.exists():
        terraform.new_root("evidence", ROOT)
    (root / "terraform.tfstate").write_text(json.dumps(STATE))
    return root


@pytest.mark.parametrize(
    "arguments", [["-destroy"], ["-var", "bucket_force_destroy=true"]], ids=["destroyed", "allowed later"]
)
def test_a_plan_that_would_lose_evidence_is_refused(
    terraform: Any, applied: Path, arguments: list[str]
) -> None:
    with pytest.raises(TerraformFailed) as failed:
        terraform.run(applied, "plan", "-refresh=false", *arguments)
    said = " ".join(failed.value.output.replace("│", " ").split())
    assert f"Resource {GUARD} has lifecycle.prevent_destroy set" in said


def test_the_documented_way_lifts_it(terraform: Any, applied: Path, repo: Path) -> None:
    documented = (repo / "docs/operations.md").read_text()
    assert "terraform state rm 'module.secretwatch.module.trail[0].terraform_data.evidence[0]'" in documented
    terraform.run(applied, "state", "rm", GUARD)
    terraform.run(applied, "plan", "-refresh=false", "-destroy", "-var", "bucket_force_destroy=true")
    said = terraform.run(applied, "plan", "-refresh=false", "-var", "bucket_force_destroy=true")
    assert "terraform_data.evidence" not in said
