"""Nothing is found where nothing is broken: the doctor on 30 watches with valid inputs chosen at random."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from deployment import delete_alarms, wait_for
from handmade import Session

from secretwatch.pipeline.doctor.examine import Doctor
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.walk import Diagnosis
from secretwatch.pipeline.watch import Watch

pytestmark = pytest.mark.later

ACCOUNT = "730000000001"
ARN = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret"
SECRETS = ("production/database", "production/card", "staging/database", "token")
SEED = 20261125
WATCHES = 30

ROOT = """
variable "watches" {
  type = any
}

module "secretwatch" {
  source = "../"

  kms_deletion_window_in_days = 7
  look_up_secrets             = true
  name                        = "any"
  # What has tests of its own, and would take an apply a third longer.
  self_watch = { fast = false }
  topics = {
    one = { email_addresses = ["one@example.com"] }
    two = { email_addresses = ["two@example.com", "three@example.com"] }
  }
  trail   = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
  watches = jsondecode(var.watches)
}

output "watches" {
  value = module.secretwatch.watches
}
"""


def watch(dice: random.Random) -> dict[str, Any]:
    """A watch that the module takes."""
    outcome = dice.choice(("any", "any", "success", "denied"))
    periods, threshold = dice.randint(1, 3), dice.choice((1, 1, 1, 2, 20))
    needed = dice.randint(1, periods)
    # Where all of several have to be there, the last minute may not be.
    shortest = 120 if needed == periods and (threshold, periods) != (1, 1) else 60
    made: dict[str, Any] = {
        "alarm": {
            "datapoints_to_alarm": needed,
            "evaluation_periods": periods,
            "ok_actions": dice.random() < 0.3,
            "period": dice.choice((shortest, 300, 900)),
            "threshold": threshold,
            "treat_missing_data": dice.choice(("notBreaching", "notBreaching", "missing")),
        },
        "events": dice.choice((["reads"], ["reads"], ["changes"], ["GetSecretValue"], ["reads", "changes"])),
        "outcome": outcome,
        "realtime": dice.random() < 0.2,
        "secrets": dice.choice(
            (["*"], ["production/*"], ["production/*", "token"], ["token"], ["staging/*"])
        ),
    }
    if outcome != "denied" and dice.random() < 0.4:
        made["except"] = [f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{ACCOUNT}:role/ci/*"]
        made["except_denied"] = dice.random() < 0.5
    if dice.random() < 0.5:
        made["topics"] = [dice.choice(("one", "two"))]
    return made


@pytest.fixture(scope="module")
def state(terraform: Any, aws: dict[str, str], local_cloud: Any) -> Iterator[dict[str, Any]]:
    """The state of the applied root."""
    dice = random.Random(SEED)
    made = {f"w{number}": watch(dice) for number in range(WATCHES)}
    session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x")
    secrets = session.client("secretsmanager")
    for name in SECRETS:
        secrets.create_secret(Name=name, SecretString="x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
        patch.setenv("TF_VAR_watches", json.dumps(json.dumps(made)))
        root = terraform.new_root("any-watches", ROOT)
        # The provider waits 25 s for each queue: all of them at once.
        terraform.run(root, "apply", "-auto-approve", "-parallelism=50")
        local_cloud.confirm()
        for name in SECRETS:
            secrets.get_secret_value(SecretId=name)
            secrets.put_secret_value(SecretId=name, SecretString="y")
        last = secrets.get_secret_value(SecretId="token")["ResponseMetadata"]["RequestId"]
        logs = session.client("logs")
        wait_for(
            "delivery",
            lambda: logs.filter_log_events(
                logGroupName="/aws/cloudtrail/any", filterPattern=f'{{ $.requestID = "{last}" }}'
            )["events"],
        )
        # Not destroyed, which the examples are: the cloud ends with the run, and all that is in it.
        yield json.loads(terraform.run(root, "state", "pull"))
        delete_alarms(session)


class Remembering(Session):
    """Asks each question once: all watches have one trail, log group and key, and nobody changes them."""

    def __init__(self) -> None:
        super().__init__("us-east-1", ACCOUNT)
        self.answers: dict[tuple[str, str, str], Any] = {}

    def client(self, service: str, **settings: Any) -> Any:
        client = super().client(service, **settings)
        if "_make_api_call" not in vars(client):
            asks = client._make_api_call

            def answer(operation: str, parameters: dict[str, Any]) -> Any:
                if operation == "GetObject":
                    return asks(operation, parameters)  # its body can be read once only
                question = (service, operation, json.dumps(parameters, sort_keys=True, default=str))
                if question not in self.answers:
                    self.answers[question] = asks(operation, parameters)
                return copy.deepcopy(self.answers[question])

            client._make_api_call = answer
        return client


@pytest.fixture(scope="module")
def session(aws: dict[str, str]) -> Remembering:
    return Remembering()


def diagnosis(watch: Watch, intent: Intent | None, session: Remembering) -> Diagnosis | None:
    """What the doctor says of a watch; None while something is still on its way."""
    found = Doctor(Subject.of_watch(watch), session, intent=intent).examine()
    if found.result != "cannot tell":
        return found
    session.answers.clear()
    return None


@pytest.mark.parametrize("number", range(WATCHES))
def test_a_healthy_watch_is_called_so(state: dict[str, Any], session: Remembering, number: int) -> None:
    """By what was applied; some also by their outputs alone."""
    watch = Watch.from_outputs(state["outputs"], f"w{number}")
    intent = Intent.of_state(state, watch)
    assert intent
    for meant in (intent, None) if number % 3 == 0 else (intent,):
        found = wait_for("a verdict", lambda meant=meant: diagnosis(watch, meant, session), seconds=60)
        assert found.broken == []
        assert found.result == "healthy"
