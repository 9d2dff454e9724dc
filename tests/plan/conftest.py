"""Two plans for all of these tests: the quickstart, and a root module with several instances side by side."""

from __future__ import annotations

import json
import random
import string
import tempfile
from typing import Any

import pytest
import tftest

ACCOUNT = "000000000000"
REGION = "us-east-1"
VALUE = "hunter2-is-not-written-down"
KEY = "of-a-pager"
ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"

_random = random.Random(20)
_CHARACTERS = string.ascii_letters + string.digits + "/_+=.@-"


def _name(length: int) -> str:
    """A name with any character that Secrets Manager allows."""
    return "".join(_random.choice(_CHARACTERS) for _ in range(length))


# Given by name, by ARN and as prefixes; the first ones are what people call their secrets.
NAMES = ["db", "rds!cluster-1", _CHARACTERS[-7:], *(_name(n) for n in (1, 7, 12, 30, 60))]
ARNS = {
    name: "".join(_random.choices(string.ascii_letters + string.digits, k=6))
    for name in ["db", "prod/db", *(_name(n) for n in (1, 2, 5, 24, 40, 120, 500))]
}
# One lies within another.
PREFIXES = ["prod/", "a.b+c@", _name(20), "prod/db/", _name(9)]
MANY = [f"team-{n % 7}/service-{n}" for n in range(300)]
APP, CI, ADA = (f"arn:aws:iam::{ACCOUNT}:{path}" for path in ("role/app", "role/ci/*", "user/ada"))


def arn(name: str, suffix: str = "Ab3dE9") -> str:
    return f"{ARN}:{name}-{suffix}"


# Ends that look like a whole ARN's: words, and what no word looks like.
FORMS = {
    "partial": [f"{ARN}:app-secret"],
    "random": [f"{ARN}:prod/two-AbC123"],
    "name": ["db"],
    "short": [f"{ARN}:billing", f"{ARN}:a-b"],
    "arn": [f"{ARN}:db-Qx7pLm"],
    "prefix": ["prod/*", "pay-*"],
    "mixed": [f"{ARN}:app-master", f"{ARN}:a.b-000001", f"{ARN}:x-y-Qx7pLm", f"{ARN}:db-Zz9yYy", "team/*"],
    "crowd": [
        f"{ARN}:{name}" for name in ("app-secret", "a-b-Qx7pLm", *(f"svc-{n}-Ab3d{n:02}" for n in range(12)))
    ],
}
MEMBER = "444455556666"
MEMBERS = [
    "shared",
    f"{ARN}:own-Qx7pLm",
    f"arn:aws:secretsmanager:{REGION}:{MEMBER}:secret:app-secret",
    f"arn:aws:secretsmanager:{REGION}:{MEMBER}:secret:two-AbC123",
    "prod/*",
]


INSTANCES = """
variable "secret_value" {
  ephemeral = true
  type      = string
}

resource "aws_kms_key" "given" {}

# Everything left as it is by default.
module "one" {
  source = "../"

  email_addresses = ["ops@example.com", "sec@example.com"]
  name            = "one"
  secret          = { name = "team/db.main+a", value_version = 7 }
  secret_value    = var.secret_value
}

# Everything given.
module "two" {
  source = "../"

  alarm = {
    datapoints_to_alarm = 2
    evaluation_periods  = 3
    period              = 60
    threshold           = 5
    treat_missing_data  = "missing"
  }
  email_addresses             = []
  kms_deletion_window_in_days = 7
  name                        = "two"
  secret = {
    kms_key       = { arn = aws_kms_key.given.arn }
    name          = "api-key"
    value_version = 0
  }
  secrets = [
    "arn:aws:secretsmanager:eu-west-1:000000000000:secret:db-AbCdEf",
    "rds!cluster-1",
  ]
  tags  = { team = "red" }
  trail = {
    bucket_expiration_in_days        = 0
    bucket_force_destroy             = true
    exclude_management_event_sources = ["rdsdata.amazonaws.com"]
    log_retention_in_days            = 7
  }
}

# The longest name.
module "long" {
  source = "../"

  email_addresses = []
  name            = "a23456789-b23456789-c23456789-d2"
  secrets         = ["db"]
}

locals {
  except = ["«APP»", "«CI»", "«ADA»", "rds.amazonaws.com"]
}

# Hundreds of secrets, a dashboard of them, a topic of the fast path's own, and channels beside it.
module "many" {
  source = "../"

  dashboard = true
  name   = "many"
  topics = {
    fast  = {}
    quiet = { chat = { slack = { channel_id = "C07EZ1ABC23", workspace_id = "T07EA123LEP" } } }
    teams = { chat = { teams = {
      channel_id = "19%3aab6ef35dc342d56ba5654e6fc6d25a071%40thread.tacv2"
      team_id    = "12345678-90ab-cdef-1234-567890abcdef"
      tenant_id  = "87654321-90ab-cdef-1234-567890abcdef"
    } } }
  }
  watches = {
    many = { secrets = jsondecode(<<-JSON
«MANY»
    JSON
    ), realtime = true, realtime_topics = ["fast"], topics = ["quiet"] }
  }
}

# What watches can be, and that both engines decide alike on all of them but the one by name.
module "watches" {
  source = "../"

  dashboard    = true
  name         = "wide"
  secret       = { name = "created", value_version = 1 }
  secret_value = var.secret_value
  topics = {
    page = {
      email_addresses = ["oncall@example.com"]
      endpoints = {
        pager = { url = sensitive("https://events.example.com/x?key=«KEY»") }
        raw   = { url = "https://u:p@raw.example.com:8443/", raw_message_delivery = true }
      }
    }
    log  = { existing = { arn = "arn:aws:sns:us-east-1:000000000000:elsewhere", verify = false } }
  }
  trail = { notifications = {} }
  watches = {
    names    = { secrets = jsondecode(<<-JSON
«NAMES»
    JSON
    ) }
    arns     = { secrets = jsondecode(<<-JSON
«ARNS»
    JSON
    ), realtime = true }
    prefixes = { secrets = jsondecode(<<-JSON
«PREFIXES»
    JSON
    ), realtime = true }
    all      = { secrets = ["*"], realtime = true }
    denied   = { secrets = [«DB»], outcome = "denied", realtime = true, topics = ["page"] }
    success = {
      alarm    = { ok_actions = true }
      outcome  = "success"
      realtime = true
      secrets  = [«DB»]
      topics   = ["log"]
    }
    changes  = { secrets = [«DB»], events = ["changes"], realtime = true }
    single   = { secrets = [«DB»], events = ["DescribeSecret"], realtime = true }
    touches  = { secrets = [«DB», "prod/*"], events = ["touches"], except = local.except, realtime = true }
    anything = { secrets = ["*"], events = ["touches"], realtime = true }
    except = { secrets = [«DB»], except = local.except, realtime = true }
    strict = { secrets = [«DB»], except = local.except, except_denied = true, realtime = true }
    created  = { secrets = ["created"], realtime = true }
  }
}

# Every form in which secrets are given: which ids each of them covers.
module "forms" {
  source = "../"

  email_addresses = []
  name            = "forms"
  watches         = { for key, secrets in jsondecode(<<-JSON
«FORMS»
    JSON
  ) : key => { secrets = secrets, realtime = !contains(["name", "short"], key) } }
}

# Secrets of an organisation's accounts, this one's and others'.
module "members" {
  source = "../"

  email_addresses = []
  name            = "members"
  secrets = jsondecode(<<-JSON
«MEMBERS»
  JSON
  )
  trail = { organization = { id = "o-exampleorgid" } }
}

# Secrets made to be touched by nobody, beside a secret that is watched.
module "decoy" {
  source   = "../modules/decoy"
  for_each = { "decoy/a" = jsonencode({ password = "{random}" }), "decoy/b+" = "{random}" }

  description = "Billing"
  kms_key     = each.key == "decoy/a" ? null : { arn = "arn:aws:kms:us-east-1:000000000000:alias/billing" }
  name        = each.key
  tags        = { of = "its own" }
  value       = each.value
}

module "decoys" {
  source = "../"

  decoys = {
    arns   = { for name, decoy in module.decoy : name => decoy.arn }
    except = ["«APP»"]
  }
  email_addresses = []
  name            = "lures"
  secrets         = ["db"]
  tags            = { team = "blue" }
}

output "decoys" {
  value = module.decoys.watch
}

output "one" {
  value = module.one.watch
}

output "guardrails" {
  value = { one = module.one.guardrails, members = module.members.guardrails }
}

output "two" {
  value = module.two.watch
}

output "wide" {
  value = module.watches.watches
}
"""


def instances_root() -> str:
    given = {
        "NAMES": json.dumps(NAMES),
        "ARNS": json.dumps([arn(name, suffix) for name, suffix in ARNS.items()]),
        "MANY": json.dumps([arn(name) for name in MANY]),
        "PREFIXES": json.dumps([f"{prefix}*" for prefix in PREFIXES]),
        "FORMS": json.dumps(FORMS),
        "MEMBERS": json.dumps(MEMBERS),
        "KEY": KEY,
        "DB": json.dumps(arn("db")),
        "APP": APP,
        "CI": CI,
        "ADA": ADA,
    }
    text = INSTANCES
    for name, value in given.items():
        text = text.replace(f"«{name}»", value)
    return text


class Plan:
    """Resources (with their type) and outputs of a plan, as far as they are known before apply."""

    def __init__(self, plan: Any) -> None:
        self.raw = plan
        self.outputs = {name: change["after"] for name, change in plan.output_changes.items()}
        self.resources = {
            address: change["change"]["after"] | {"type": change["type"]}
            for address, change in plan.resource_changes.items()
            if change["mode"] == "managed"
        }

    def patterns(self, module: str, watch: str = "secret-read") -> list[str]:
        """The filter patterns of a watch: any of them counts."""
        return self._texts(f'module.{module}.module.watch["{watch}"].', "pattern")

    def event_patterns(self, module: str, watch: str) -> list[str]:
        """The event patterns of a watch: any of them counts."""
        return self._texts(f'module.{module}.module.realtime["{watch}"].', "event_pattern")

    def _texts(self, prefix: str, field: str) -> list[str]:
        found = [
            each[field]
            for address, each in self.resources.items()
            if address.startswith(prefix) and field in each
        ]
        assert found
        return found

    def of(self, module: str) -> dict[str, Any]:
        """Resources of a module and those within it, their addresses shortened by the module's."""
        prefix = f"module.{module}."
        return {
            address.removeprefix(prefix): values
            for address, values in self.resources.items()
            if address.startswith(prefix)
        }


def plan_of(terraform: Any, root: Any) -> Plan:
    test = tftest.TerraformTest(
        str(root), binary=terraform.binary, env=terraform.env_of_run() | {"TF_VAR_secret_value": VALUE}
    )
    with pytest.MonkeyPatch.context() as patch:
        # tftest leaves its plan file where temporary files go.
        patch.setattr(tempfile, "tempdir", str(root))
        return Plan(test.plan(output=True))


@pytest.fixture(scope="session")
def quickstart(terraform: Any, aws: dict[str, str]) -> Plan:
    return plan_of(terraform, terraform.example("quickstart"))


@pytest.fixture(scope="session")
def instances(terraform: Any, aws: dict[str, str]) -> Plan:
    return plan_of(terraform, terraform.new_root("instances", instances_root()))


@pytest.fixture(scope="session")
def details_plan(terraform: Any, aws: dict[str, str]) -> Plan:
    from . import details

    return plan_of(terraform, terraform.new_root("details-of-watches", details.ROOT))
