"""What watches do beside ringing: exceptions, the fast path, hundreds of secrets, the watch on itself.

One deployment in an account of its own, so that nobody else's calls are among its events.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from deployment import delete_alarms, wait_for

ACCOUNT = "720000000001"
ARN = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret"

ROOT = """
variable "many" {
  type = set(string)
}

module "secretwatch" {
  source = "../"

  kms_deletion_window_in_days = 7
  look_up_secrets             = true
  name                        = "wide"
  # What has tests of its own, and would take an apply a third longer.
  self_watch = { fast = false }
  topics = {
    chat = { email_addresses = ["chat@example.com"] }
    page = { email_addresses = ["oncall@example.com"] }
  }
  trail = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
  watches = {
    app = {
      except   = ["arn:aws:iam::720000000001:role/app"]
      realtime = true
      secrets  = ["app"]
      topics   = ["page"]
    }
    changes = { events = ["changes"], secrets = ["app"], topics = ["chat"] }
    many    = { secrets = var.many, topics = ["chat"] }
  }
}

output "watches" {
  value = module.secretwatch.watches
}
"""


class Account:
    """The applied root, and its account through boto3."""

    def __init__(self, cloud: Any) -> None:
        self.cloud = cloud
        self.session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x")
        self.cloudwatch = self.session.client("cloudwatch")
        self.secrets = self.session.client("secretsmanager")
        self.watches: dict[str, Any] = {}

    def state(self, name: str) -> str:
        (alarm,) = self.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return str(alarm["StateValue"])

    def settle(self) -> None:
        """Every alarm is OK again: for them, the time since has passed."""
        self.cloud.tick(16)

    def as_role(self, name: str, may_read: str | None) -> Any:
        """Secrets Manager as a session of a new role that may read this secret, or none."""
        iam = self.session.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        role = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        if may_read:
            allow = {
                "Effect": "Allow",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": f"{ARN}:{may_read}-*",
            }
            iam.put_role_policy(
                RoleName=name,
                PolicyName="read",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
            )
        session = self.session.client("sts").assume_role(
            RoleArn=role["Role"]["Arn"], RoleSessionName="nightly"
        )["Credentials"]
        return boto3.client(
            "secretsmanager",
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )

    def count(self, watch: str) -> float:
        """How many calls the metric of a watch has counted, ever."""
        facts = self.watches[watch]
        return sum(self._sums(facts["metric_namespace"], facts["metric_name"]))

    def tampered(self) -> float:
        return sum(self._sums("secretwatch/wide", "wide-tampering"))

    def _sums(self, namespace: str, name: str) -> list[float]:
        now = datetime.now(UTC)
        found = self.cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            StartTime=now - timedelta(hours=2),
            EndTime=now + timedelta(minutes=2),
            Period=60,
            Statistics=["Sum"],
        )
        return [float(point["Sum"]) for point in found["Datapoints"]]

    def let_pass(self) -> None:
        """Wait until all events up to now were counted: a marker that is read comes after them."""
        before = self.count("many")
        self.secrets.get_secret_value(SecretId="service-0")
        wait_for("the marker", lambda: self.count("many") > before)

    def mails(self, word: str) -> list[str]:
        return [
            each["body"]
            for each in self.cloud.inbox()
            if word in each["body"] and "secretwatch" not in each["subject"]
        ]


@pytest.fixture(scope="module")
def account(terraform: Any, aws: dict[str, str], local_cloud: Any) -> Iterator[Account]:
    made = Account(local_cloud)
    for name in ("app", "app-replica", *(f"service-{n}" for n in range(300))):
        made.secrets.create_secret(Name=name, SecretString="x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
        patch.setenv("TF_VAR_many", json.dumps([f"service-{n}" for n in range(300)]))
        root = terraform.new_root("watches", ROOT)
        terraform.run(root, "apply", "-auto-approve")
        terraform.run(root, "plan", "-detailed-exitcode")
        local_cloud.confirm()
        made.watches = json.loads(terraform.run(root, "output", "-json", "watches"))
        # Not destroyed, which the examples are: the cloud ends with the run, and all that is in it.
        yield made
        delete_alarms(made.session)


def said_in(mail: str) -> dict[str, Any]:
    """The realtime message in a mail, which has AWS's words below it."""
    found: dict[str, Any] = json.JSONDecoder().raw_decode(mail)[0]
    return found


def arn_of(account: Account, name: str) -> str:
    return str(account.secrets.describe_secret(SecretId=name)["ARN"])


def test_the_first_apply_rings_for_nothing_that_it_did(account: Account) -> None:
    account.let_pass()
    assert account.tampered() == 0
    assert (account.state("wide-app"), account.state("wide-changes")) == ("OK", "OK")


def test_by_each_form_of_its_id_a_read_rings_and_a_message_names_the_reader(account: Account) -> None:
    arn = arn_of(account, "app")
    for number, form in enumerate(("app", arn, arn[:-7])):
        account.settle()
        counted = account.count("app")
        reader = account.as_role(f"reader-{number}", "app")
        reader.get_secret_value(SecretId=form)
        wait_for("the alarm", lambda: account.state("wide-app") == "ALARM")
        assert account.count("app") == counted + 1
        said = f"assumed-role/reader-{number}/nightly"
        (message,) = wait_for("the message", lambda said=said: account.mails(said))
        assert message.startswith('{"SECRET READ": {')
        found = said_in(message)
        assert found["SECRET READ"]["secretId"] == form
        role = f"arn:aws:iam::{ACCOUNT}:role/reader-{number}"
        assert found["Reader"]["sessionContext"]["sessionIssuer"]["arn"] == role
        assert (found["Call"], found["From"]) == ("GetSecretValue", "127.0.0.1")
        assert (found["Where"], found["Watch"]) == (f"us-east-1, account {ACCOUNT}", "app of wide")
        assert found["Rule"].startswith(f"arn:aws:events:us-east-1:{ACCOUNT}:rule/wide-app-a-")
        event_id = found["Event"]["detail"]["eventID"]
        assert found["Look"].endswith(f"/cloudtrailv2/home?region=us-east-1#/events/{event_id}")


def test_a_siblings_read_does_neither(account: Account) -> None:
    account.settle()
    counted = account.count("app")
    reader = account.as_role("reader-of-siblings", "app-replica")
    sibling = arn_of(account, "app-replica")
    for form in ("app-replica", sibling, sibling[:-7]):
        reader.get_secret_value(SecretId=form)
    account.let_pass()
    assert account.count("app") == counted
    assert account.state("wide-app") == "OK"
    assert not account.mails("reader-of-siblings")


def test_an_excepted_roles_read_is_silent_and_its_denied_read_is_not(account: Account) -> None:
    account.settle()
    app = account.as_role("app", "app")
    counted = account.count("app")
    app.get_secret_value(SecretId="app")
    account.let_pass()
    assert account.count("app") == counted
    assert account.state("wide-app") == "OK"
    assert not account.mails("assumed-role/app/nightly")

    account.session.client("iam").delete_role_policy(RoleName="app", PolicyName="read")
    with pytest.raises(ClientError, match="not authorized"):
        app.get_secret_value(SecretId="app")
    wait_for("the alarm", lambda: account.state("wide-app") == "ALARM")
    (message,) = wait_for("the message", lambda: account.mails("assumed-role/app/nightly"))
    assert message.startswith('{"SECRET READ REFUSED": "AccessDenied')
    assert said_in(message)["Event"]["detail"]["requestParameters"]["secretId"] == "app"


@pytest.mark.parametrize("agent", ['say "hi"', "back\\slash", '",\t"Call": "nothing'])
def test_a_callers_user_agent_does_not_silence_the_message(account: Account, agent: str) -> None:
    config = Config(user_agent=f"{agent} {len(account.mails('SECRET READ'))}")
    reader = account.session.client("secretsmanager", config=config)
    answer = reader.get_secret_value(SecretId="app")
    request = answer["ResponseMetadata"]["RequestId"]
    (message,) = wait_for("the message", lambda: account.mails(request))
    found = said_in(message)
    assert found["Event"]["detail"]["userAgent"].startswith(str(config.user_agent))
    assert found["Call"] == "GetSecretValue"


def test_the_last_of_300_secrets_rings(account: Account) -> None:
    account.settle()
    account.secrets.get_secret_value(SecretId=arn_of(account, "service-299"))
    wait_for("the alarm", lambda: account.state("wide-many") == "ALARM")


def test_changes_ring_by_themselves_and_only_at_their_topic(account: Account) -> None:
    account.settle()
    account.let_pass()
    account.secrets.put_secret_value(SecretId="app", SecretString="y")
    wait_for("the alarm", lambda: account.state("wide-changes") == "ALARM")
    assert account.state("wide-app") == "OK"

    def told() -> set[str]:
        return {each["to"] for each in account.cloud.inbox() if '"wide-changes"' in each["subject"]}

    wait_for("the e-mail", told)
    assert told() == {"chat@example.com"}


def tamperings(account: Account) -> dict[str, tuple[Any, Any]]:
    """What somebody could do, and how it is put back."""
    trail = account.session.client("cloudtrail")
    logs = account.session.client("logs")
    sns = account.session.client("sns")
    group = account.watches["app"]["log_group_name"]
    metric_filter = logs.describe_metric_filters(logGroupName=group, filterNamePrefix="wide-app")[
        "metricFilters"
    ][-1]
    put_back = {
        name: metric_filter[name]
        for name in ("filterName", "filterPattern", "metricTransformations", "logGroupName")
    }
    topic = account.watches["app"]["topic_arn"]
    policy = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    all_events = [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
    return {
        "the trail stops": (
            lambda: trail.stop_logging(Name="wide"),
            lambda: trail.start_logging(Name="wide"),
        ),
        "the trail is narrowed": (
            lambda: trail.put_event_selectors(
                TrailName="wide",
                EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}],
            ),
            lambda: trail.put_event_selectors(TrailName="wide", EventSelectors=all_events),
        ),
        "a filter goes": (
            lambda: logs.delete_metric_filter(logGroupName=group, filterName=put_back["filterName"]),
            lambda: logs.put_metric_filter(**put_back),
        ),
        "an alarm is muted": (
            lambda: account.cloudwatch.disable_alarm_actions(AlarmNames=["elsewhere", "wide-app"]),
            lambda: account.cloudwatch.enable_alarm_actions(AlarmNames=["wide-app"]),
        ),
        "the topic's policy": (
            lambda: sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy),
            lambda: None,
        ),
    }


@pytest.mark.parametrize(
    "what",
    ["the trail stops", "the trail is narrowed", "a filter goes", "an alarm is muted", "the topic's policy"],
)
def test_tampering_rings(account: Account, what: str) -> None:
    do, undo = tamperings(account)[what]
    account.let_pass()
    before = account.tampered()
    try:
        do()
        wait_for("the count", lambda: account.tampered() > before)
        wait_for("the alarm", lambda: account.state("wide-tampering") == "ALARM")
    finally:
        undo()


def test_what_happens_to_others_is_no_tampering(account: Account) -> None:
    logs = account.session.client("logs")
    logs.create_log_group(logGroupName="elsewhere")
    account.let_pass()
    before = account.tampered()
    logs.put_retention_policy(logGroupName="elsewhere", retentionInDays=7)
    logs.delete_log_group(logGroupName="elsewhere")
    account.cloudwatch.delete_alarms(AlarmNames=["elsewhere"])
    account.session.client("cloudtrail").put_event_selectors(
        TrailName="wide", EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}]
    )
    account.let_pass()
    assert account.tampered() == before


def test_a_log_group_that_gets_events_is_not_blind(account: Account) -> None:
    wait_for("sight", lambda: account.state("wide-blind") == "OK")
