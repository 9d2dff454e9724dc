"""What a plan does not know yet: arguments from the same apply, and account and region that are read late.

How many resources there are, and what they are called, hangs on none of it: a plan that could not count would
be an error, and one that did not know a name would replace what is called so.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import ACCOUNT, ARN, REGION, Plan, plan_of

# Of IAM Identity Center's.
ROLE = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/ap-southeast-1/"
    "AWSReservedSSO_AdministratorAccess_0123456789abcdef"
)
ARNS = [f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:prod/db{n}-Ab1D{n}" for n in range(10, 40)]

# Everything that another resource of the same apply may be given for.
ROOT = (
    """
resource "aws_sns_topic" "ops" { name_prefix = "ops" }

resource "aws_s3_bucket" "logs" { bucket_prefix = "logs" }

resource "aws_kms_key" "mine" {}

resource "aws_iam_role" "app" {
  assume_role_policy = "{}"
  name_prefix        = "app"
}

resource "aws_iam_user" "ada" { name = "ada" }

resource "aws_cloudtrail" "somebodys" {
  name           = "somebodys"
  s3_bucket_name = aws_s3_bucket.logs.id
}

resource "aws_secretsmanager_secret" "db" { name = "db" }

module "given" {
  source = "../"

  kms_keys   = { topics = { arn = aws_kms_key.mine.arn }, trail = { arn = aws_kms_key.mine.arn } }
  name       = "given"
  self_watch = { except = [aws_iam_role.app.arn] }
  topics = {
    ops   = { existing = { arn = aws_sns_topic.ops.arn } }
    quiet = { existing = { arn = aws_sns_topic.ops.arn, verify = false } }
  }
  trail = {
    bucket        = { name = aws_s3_bucket.logs.id }
    notifications = { topic = { arn = aws_sns_topic.ops.arn } }
  }
  watches = {
    name = {
      except  = [aws_iam_role.app.arn, aws_iam_user.ada.arn]
      secrets = [aws_secretsmanager_secret.db.name]
    }
    names = { secrets = [for n in range(4) : "db-${n}"], except = [aws_iam_role.app.arn] }
    arns = {
      except   = [aws_iam_role.app.arn, aws_iam_user.ada.arn]
      realtime = true
      secrets  = «ARNS»
    }
    all = { secrets = ["*"], except = [aws_iam_role.app.arn], except_denied = true, realtime = true }
  }
}

# What is kept free for exceptions is enough for the longest ARNs that people have.
module "long" {
  source = "../"

  email_addresses = []
  name            = "long-arns"
  self_watch      = { except = [«ROLE»] }
  watches = { for size in [1, 2, 3] : "w${size}" => {
    except   = slice([«ROLE», «ROLE», «ROLE»], 0, size)
    realtime = size == 1
    secrets  = [for n in range(40) : "«SECRET»:s${n}-Ab1D${n + 10}"]
  } }
}

module "adopted" {
  source = "../"

  email_addresses = []
  name            = "adopted"
  secrets         = ["db"]
  trail = { existing = {
    arn            = aws_cloudtrail.somebodys.arn
    bucket_name    = aws_s3_bucket.logs.id
    log_group_name = "somebodys"
  } }
}

# Account, partition and region are read in the apply: data sources wait for what the module depends on.
module "late" {
  source = "../"

  email_addresses = []
  name            = "late"
  secret          = { name = "made" }
  secret_value    = "x"
  watches = {
    name     = { secrets = ["made", "db"] }
    created  = { secrets = ["made"], realtime = true }
    prefixes = { secrets = ["prod/*", "pay*", "a*", «ARN»], realtime = true }
    many     = { secrets = «ARNS», realtime = true }
  }

  depends_on = [aws_sns_topic.ops]
}

module "looked_up" {
  source = "../"

  email_addresses = []
  look_up_secrets = true
  name            = "looked-up"
  watches         = { names = { secrets = [for n in range(12) : "app-${n}"], realtime = true } }

  depends_on = [aws_sns_topic.ops]
}

output "log_group" {
  value = module.given.log_group_name
}
""".replace("«ARNS»", json.dumps(ARNS))
    .replace("«ARN»", json.dumps(ARNS[0]))
    .replace("«ROLE»", json.dumps(ROLE))
    .replace("«SECRET»", ARN)
)


@pytest.fixture(scope="module")
def planned(terraform: Any, aws: dict[str, str]) -> Plan:
    return plan_of(terraform, terraform.new_root("unknown", ROOT))


@pytest.mark.parametrize("module", ["given", "long", "adopted", "late", "looked_up"])
def test_it_is_planned(planned: Plan, module: str) -> None:
    kinds = [each["type"] for each in planned.of(module).values()]
    assert kinds.count("aws_cloudwatch_metric_alarm") >= 3
    assert kinds.count("aws_cloudwatch_log_metric_filter") >= 4


def test_names_are_known(planned: Plan) -> None:
    """All but those that account or region are part of."""
    unknown = {
        (address, field)
        for module in ("given", "adopted", "late", "looked_up")
        for address, each in planned.of(module).items()
        for field in ("name", "alarm_name")
        if "name" in each and each.get(field) is None and field in each
    }
    assert {address.split(".")[-2] for address, _ in unknown} <= {"aws_iam_role"}
