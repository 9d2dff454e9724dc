"""What the module refuses, with which sentence, and what takes which shape: no cloud, no credentials.

The *.tftest.hcl files are for `terraform test` with a mocked provider. It can expect a refusal, but not its
words: those stand here, one mistake a line, and are read from one `terraform validate` of a root module that
makes all of them (and from a run of `terraform test`, where only a plan can tell).
"""

from __future__ import annotations

import json
import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from secretwatch.terraform import TerraformFailed

HERE = Path(__file__).parent

COUNT = "which is wrong for a count:"
NAME = (
    "a bucket is named after it, so write 3 to 32 lower-case letters, digits and single hyphens, beginning"
    " with a letter."
)
PERIOD = "metrics from logs have one value a minute, so write a multiple of 60 seconds, such as 300."
WHOLE_ARN = "write a secret's name, or its whole ARN with the six characters at its end."
BARE = "write bare addresses such as ops@example.com."
DB = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db"

REFUSED = [
    ('name = "Prod"', f'name is "Prod": {NAME}'),
    ('name = "prod db"', f'name is "prod db": {NAME}'),
    ('name = "prod--db"', f'name is "prod--db": {NAME}'),
    ('name = "prod-"', f'name is "prod-": {NAME}'),
    ('name = "1prod"', f'name is "1prod": {NAME}'),
    ('name = "db"', f'name is "db": {NAME}'),
    ('name = "a23456789-b23456789-c23456789-d23"', f'name is "a23456789-b23456789-c23456789-d23": {NAME}'),
    ('secrets = [""]', f'secrets holds "": {WHOLE_ARN}'),
    ('secrets = ["db", "db replica"]', f'secrets holds "db replica": {WHOLE_ARN}'),
    ('secrets = ["db*"]', f'secrets holds "db*": {WHOLE_ARN}'),
    (f'secrets = ["{DB}", "{DB}-AbCdEf"]', f'secrets holds "{DB}": {WHOLE_ARN}'),
    (
        'secrets = ["arn:aws:ssm:eu-west-1:111122223333:parameter/db"]',
        f'secrets holds "arn:aws:ssm:eu-west-1:111122223333:parameter/db": {WHOLE_ARN}',
    ),
    (
        'secret = { name = "my secret" }\nsecret_value = "x"',
        'secret.name is "my secret": write letters, digits and /_+=.@- only.',
    ),
    (
        'secret = { name = "" }\nsecret_value = "x"',
        'secret.name is "": write letters, digits and /_+=.@- only.',
    ),
    (
        'secret = { name = "db", recovery_window_in_days = 6 }\nsecret_value = "x"',
        "secret.recovery_window_in_days is 6: Secrets Manager takes 7 to 30 days, or 0 to delete at once.",
    ),
    (
        'secret = { name = "db", value_version = 1.5 }\nsecret_value = "x"',
        "secret.value_version is 1.5: write a whole number, 1 at first and one more for each new value, or 0"
        " when somebody else writes the value.",
    ),
    (
        'alarm = { statistic = "Average" }',
        f"alarm.statistic is Average, {COUNT} each minute with other events and no read is a 0, so one read"
        ' in five such minutes averages 0.2 and never reaches the threshold. Write "Sum".',
    ),
    (
        'alarm = { statistic = "Maximum" }',
        f"alarm.statistic is Maximum, {COUNT} each read is a 1, so it stays 1 however many reads there are."
        ' Write "Sum".',
    ),
    (
        'alarm = { statistic = "Minimum" }',
        f"alarm.statistic is Minimum, {COUNT} one minute with other events and no read is a 0, and hides"
        ' every read. Write "Sum".',
    ),
    (
        'alarm = { statistic = "SampleCount" }',
        f"alarm.statistic is SampleCount, {COUNT} each minute with other events and no read is a sample too,"
        ' so it rings without any read. Write "Sum".',
    ),
    (
        'alarm = { statistic = "p99" }',
        f'alarm.statistic is p99, {COUNT} only a sum says how many reads there were. Write "Sum".',
    ),
    ("alarm = { period = 0 }", f"alarm.period is 0: {PERIOD}"),
    ("alarm = { period = 10 }", f"alarm.period is 10: {PERIOD}"),
    ("alarm = { period = 90 }", f"alarm.period is 90: {PERIOD}"),
    (
        "alarm = { evaluation_periods = 25, period = 3600 }",
        "alarm.period times alarm.evaluation_periods is 90000 seconds: CloudWatch looks back one"
        " day, so write"
        " at most 86400.",
    ),
    (
        "alarm = { evaluation_periods = 0 }",
        "alarm.evaluation_periods is 0: write a whole number of periods, 1 or more.",
    ),
    (
        "alarm = { evaluation_periods = 1.5 }",
        "alarm.evaluation_periods is 1.5: write a whole number of periods, 1 or more.",
    ),
    (
        "alarm = { datapoints_to_alarm = 3, evaluation_periods = 2 }",
        "alarm.datapoints_to_alarm is 3: write a whole number from 1 to alarm.evaluation_periods"
        " (2), or leave"
        " it out.",
    ),
    (
        "alarm = { datapoints_to_alarm = 0 }",
        "alarm.datapoints_to_alarm is 0: write a whole number from 1 to alarm.evaluation_periods"
        " (1), or leave"
        " it out.",
    ),
    (
        "alarm = { threshold = 0 }",
        "alarm.threshold is 0: with less than 1 the alarm rings without a read. Write the number of"
        " reads that"
        " should ring, such as 1.",
    ),
    (
        'alarm = { treat_missing_data = "notbreaching" }',
        "alarm.treat_missing_data is notbreaching: write notBreaching (silence is no read), or breaching,"
        " ignore or missing.",
    ),
    ('email_addresses = ["ops"]', f'email_addresses holds "ops": {BARE}'),
    ('email_addresses = ["ops@localhost"]', f'email_addresses holds "ops@localhost": {BARE}'),
    (
        'email_addresses = ["a@example.com", "b@", "c@example.com; d@example.com"]',
        f'email_addresses holds "b@", "c@example.com; d@example.com": {BARE}',
    ),
    (
        'email_addresses = ["Ops <ops@example.com>"]',
        f'email_addresses holds "Ops <ops@example.com>": {BARE}',
    ),
    (
        "trail = { log_retention_in_days = 100 }",
        "trail.log_retention_in_days is 100: CloudWatch Logs knows 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180,"
        " 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 and 3653 days.",
    ),
    (
        "trail = { bucket_expiration_in_days = -1 }",
        "trail.bucket_expiration_in_days is -1: write a whole number of days, or 0 to keep log files"
        " for good.",
    ),
    (
        "trail = { bucket_expiration_in_days = 0.5 }",
        "trail.bucket_expiration_in_days is 0.5: write a whole number of days, or 0 to keep log"
        " files for good.",
    ),
    (
        "kms_deletion_window_in_days = 6",
        "kms_deletion_window_in_days is 6: KMS takes 7 to 30 days.",
    ),
]

# What takes two variables, or the account, to find out: only a plan does.
REFUSED_IN_A_PLAN = {
    "nothing": (
        "secrets = []",
        {
            "Nothing to watch: write names or ARNs of existing secrets in secrets, or describe a new one in"
            " secret."
        },
    ),
    "no_value": (
        'secret = { name = "db" }',
        {
            "secret_value is missing: pass it (TF_VAR_secret_value keeps it out of files), or write"
            " secret.value_version = 0 when somebody else writes the value."
        },
    ),
    "pattern": (
        """secrets = concat(
          ["arn:aws:secretsmanager:eu-west-1:444455556666:secret:db-AbCdEf"],
          [for n in range(9) : "production/database-${n}"],
        )""",
        {
            "This trail records account 111122223333, and would miss reads of"
            " arn:aws:secretsmanager:eu-west-1:444455556666:secret:db-AbCdEf: deploy secretwatch in the"
            " account that owns the secret.",
            "The filter pattern for 10 secrets has 2741 bytes, CloudWatch Logs takes 1024: watch fewer"
            " secrets here and the others with a second instance of this module that has another name.",
        },
    ),
}

PLAN = """
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
}

run "mistake" {
  command = plan

  variables {
    email_addresses = []
    %s
  }
}
"""


def sentence(diagnostic: dict[str, Any]) -> str:
    """What the module says, without where Terraform says that it stands."""
    return str(diagnostic.get("detail", "")).partition("\n\nThis was checked by")[0]


@pytest.fixture(scope="module")
def refusals(terraform: Any) -> dict[str, list[str]]:
    """Sentences for each module call of a root module that makes every mistake of the table once."""
    calls = []
    for number, (mistake, _) in enumerate(REFUSED):
        lines = [f'module "mistake_{number}" {{', '  source = "../"']
        for name, good in (("email_addresses", "[]"), ("secrets", '["db"]')):
            if f"{name} =" not in mistake:
                lines.append(f"  {name} = {good}")
        calls.append("\n".join([*lines, mistake, "}"]))
    root = terraform.new_root("refused", "\n".join(calls))
    with pytest.raises(TerraformFailed) as failed:
        terraform.run(root, "validate", "-json")
    output = failed.value.output
    said = defaultdict(list)
    for diagnostic in json.loads(output[output.index("{") :])["diagnostics"]:
        said[(diagnostic.get("snippet") or {}).get("context")].append(sentence(diagnostic))
    return said


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=[mistake for mistake, _ in REFUSED])
def test_a_mistake_is_answered_by_one_sentence(refusals: dict[str, list[str]], number: int) -> None:
    assert refusals[f'module "mistake_{number}"'] == [REFUSED[number][1]]


@pytest.fixture(scope="module")
def results(terraform: Any) -> list[dict[str, Any]]:
    """What `terraform test -json` says, line by line."""
    folder = terraform.module / "tests" / "hcl"
    folder.mkdir(parents=True)
    for file in HERE.glob("*.tftest.hcl"):
        shutil.copy(file, folder)
    # These runs fail, since they expect no refusal: so their diagnostics hold the sentences.
    for name, (mistake, _) in REFUSED_IN_A_PLAN.items():
        (folder / f"sentences_{name}.tftest.hcl").write_text(PLAN % mistake)
    terraform.run(terraform.module, "init", "-test-directory=tests/hcl")
    with pytest.raises(TerraformFailed) as failed:
        terraform.run(terraform.module, "test", "-test-directory=tests/hcl", "-json")
    return [json.loads(line) for line in failed.value.output.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("file", sorted(HERE.glob("*.tftest.hcl")), ids=lambda file: file.name.split(".")[0])
def test_every_run_passes(results: list[dict[str, Any]], file: Path) -> None:
    path = f"tests/hcl/{file.name}"
    runs = re.findall(r'^run "(\w+)"', file.read_text(), re.MULTILINE)
    ended = {
        line["test_run"]["run"]: line["test_run"]["status"]
        for line in results
        if line["type"] == "test_run" and line["@testfile"] == path and "status" in line["test_run"]
    }
    complaints = [
        f"{line.get('@testrun')}: {line['diagnostic']['summary']}: {sentence(line['diagnostic'])}"
        for line in results
        if line["type"] == "diagnostic" and line.get("@testfile") == path
    ]
    assert ended == dict.fromkeys(runs, "pass"), "\n".join(complaints)


@pytest.mark.parametrize("name", REFUSED_IN_A_PLAN)
def test_what_only_a_plan_can_refuse_is_answered_too(results: list[dict[str, Any]], name: str) -> None:
    said = [
        sentence(line["diagnostic"])
        for line in results
        if line["type"] == "diagnostic" and line.get("@testfile") == f"tests/hcl/sentences_{name}.tftest.hcl"
    ]
    assert set(said) == REFUSED_IN_A_PLAN[name][1]
