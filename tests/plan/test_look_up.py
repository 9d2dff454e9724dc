"""Names that a plan looks up: found they are as good as ARNs, not found they are refused."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from secretwatch.terraform import TerraformFailed

ROOT = """
module "secretwatch" {
  source = "../"

  email_addresses = []
  look_up_secrets = true
  name            = "found"
  secrets         = [for n in range(12) : "looked-up-${n}"]
}

output "watch" {
  value = module.secretwatch.filter_patterns
}
"""


@pytest.mark.later
def test_names_become_arns_or_a_sentence_says_which_do_not(terraform: Any, aws: dict[str, str]) -> None:
    secrets = boto3.client("secretsmanager")
    # More than one filter of ListSecrets takes, and one that begins as a watched one does.
    names = [*(f"looked-up-{n}" for n in range(12)), "looked-up-1-replica"]
    arns = [secrets.create_secret(Name=name, SecretString="x")["ARN"] for name in names]
    root = terraform.new_root("looked-up", ROOT)
    try:
        planned = terraform.run(root, "plan")
        for name, arn in zip(names[:12], arns[:12], strict=True):
            assert f"secret:{name}-{arn[-6:]}" in planned
        assert "looked-up-1-replica" not in planned
        assert "%^" not in planned
        secrets.delete_secret(SecretId="looked-up-3", ForceDeleteWithoutRecovery=True)
        with pytest.raises(TerraformFailed) as failed:
            terraform.run(root, "plan")
        said = " ".join(failed.value.output.replace("│", " ").split())
        assert (
            "look_up_secrets found no looked-up-3 among the secrets of account 000000000000 in us-east-1"
            in said
        )
    finally:
        for name in names:
            secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
