"""What is planned for what an operator writes in `alarm` is what tests/deployed_alarms.py says.

What such alarms then do is proved in tests/unit/alarm/test_deployed.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from deployed_alarms import METRIC, ONE_READ, SEVERAL, SINGLE, STUCK, of_plan

from .conftest import Plan, plan_of

FORMS = ONE_READ | SEVERAL

# The modules alone: a whole instance for each form would take a plan of minutes.
ROOT = """
module "watch" {
  source   = "../modules/watch"
  for_each = jsondecode(file("${path.module}/alarms.json"))

  account        = { id = "000000000000", partition = "aws", region = "us-east-1" }
  alarm          = each.value
  events         = ["reads"]
  except         = []
  except_denied  = false
  log_group_name = "logs"
  metric         = { name = "one-secret-reads", namespace = "secretwatch/one" }
  name           = each.key
  organization   = false
  outcome        = "any"
  path           = ""
  resolved       = {}
  secrets        = ["db"]
  stuck          = true
  tags           = {}
  topic_arns     = ["arn:aws:sns:us-east-1:000000000000:topic"]
}

output "names" {
  value = keys(module.watch)
}
"""


@pytest.fixture(scope="module")
def planned(terraform: Any, aws: dict[str, str]) -> Plan:
    root = terraform.new_root("alarms", ROOT)
    (root / "alarms.json").write_text(json.dumps({name: written for name, (written, _) in FORMS.items()}))
    return plan_of(terraform, root)


def alarm(planned: Plan, name: str, which: str) -> dict[str, Any]:
    return of_plan(planned.resources[f'module.watch["{name}"].aws_cloudwatch_metric_alarm.{which}'])


@pytest.mark.parametrize("name", FORMS)
def test_the_alarm_is_as_the_table_says(planned: Plan, name: str) -> None:
    _, deployed = FORMS[name]
    on_a_metric = METRIC if "Metrics" not in deployed else {}
    assert alarm(planned, name, "this") == {**deployed, **on_a_metric}


@pytest.mark.parametrize("name", STUCK)
def test_so_is_the_one_that_tells_that_it_does_not_end(planned: Plan, name: str) -> None:
    assert alarm(planned, name, "stuck[0]") == {**STUCK[name], **METRIC}


def test_the_default_is_a_single_read_within_five_minutes() -> None:
    assert ONE_READ["300 s"] == ({"period": 300}, SINGLE)
