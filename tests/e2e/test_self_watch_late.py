"""Is the watch on the watch heard on AWS, where an event arrives minutes after what it tells of was done?

Each thing is done while delivery is held, then released: what counts and what tells is what is left by then.
Mallory does it, an IAM user who may do everything. One deployment, which is put back after each.

Long because all its deeds are done to that one deployment, which takes long to make.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from deployment import delete_alarms, wait_for

from secretwatch import local
from secretwatch.filterpattern import FilterPattern

ACCOUNT = "720000000091"
ALARM = "late-tampering"

ROOT = """
module "secretwatch" {
  source = "../"

  email_addresses             = ["oncall@example.com"]
  kms_deletion_window_in_days = 7
  name                        = "late"
  trail                       = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
  watches                     = { app = { secrets = ["app"] } }
}

output "watch" {
  value = module.secretwatch.watch
}

output "watches" {
  value = module.secretwatch.watches
}
"""

COMMAND = Path(sys.executable).with_name("secretwatch")


@dataclass
class Account:
    cloud: local.LocalCloud
    facts: dict[str, Any]
    root: Path

    def __post_init__(self) -> None:
        root = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x").client("iam")
        root.create_user(UserName="mallory")
        root.attach_user_policy(UserName="mallory", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        key = root.create_access_key(UserName="mallory")["AccessKey"]
        self.session = boto3.Session(
            aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
        )
        self.cloudwatch, self.logs = self.session.client("cloudwatch"), self.session.client("logs")
        self.cloudtrail, self.sns = self.session.client("cloudtrail"), self.session.client("sns")
        self.iam, self.s3 = self.session.client("iam"), self.session.client("s3")
        self.group, self.topic = self.facts["log_group_name"], self.facts["topic_arn"]
        self.role = "late-trail-us-east-1"

    def mails(self) -> Counter[str]:
        """How many have said that somebody changed the watch, by the way that they came."""
        slow = [each for each in self.cloud.inbox() if f'ALARM: "{ALARM}"' in str(each["subject"])]
        # Only who is named is heard.
        fast = [each for each in self.changes() if each["By"].get("userName") == "mallory"]
        return Counter(fast=len(fast), slow=len(slow))

    def changes(self) -> list[dict[str, Any]]:
        """The fast way's messages, without what SNS writes below them."""
        bodies = [str(each["body"]) for each in self.cloud.inbox()]
        told = [json.JSONDecoder().raw_decode(body)[0] for body in bodies if '"WATCH CHANGED"' in body]
        return [each for each in told if each["Where"].endswith(ACCOUNT)]

    def told(self, alarm: str = ALARM) -> int:
        """How many times the alarm has told its topic."""
        history = self.cloudwatch.describe_alarm_history(AlarmName=alarm, HistoryItemType="Action")
        return str(history["AlarmHistoryItems"]).count("Successfully executed action")

    def await_mails(self, before: Counter[str], ways: set[str]) -> None:
        """Until somebody got a mail since then in each of these ways."""
        wait_for(f"a mail by each of {sorted(ways)}", lambda: ways <= set(self.mails() - before))

    def subscriptions(self) -> list[str]:
        found = self.sns.list_subscriptions_by_topic(TopicArn=self.topic)["Subscriptions"]
        return [str(each["SubscriptionArn"]) for each in found]

    def state(self, alarm: str) -> str:
        (described,) = self.cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
        return str(described["StateValue"])

    def settle(self) -> None:
        """What was called so far has arrived and is out of the alarms' sight, and all of them are OK."""
        self.cloud.release(first=0)  # what is held stays so; back when all that is not has arrived
        self.cloud.tick(16)

    def counted(self) -> list[str]:
        """What the filters on tampering counted, for whoever wonders why."""
        patterns = [FilterPattern.parse(each["filterPattern"]) for each in self.filters()]
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=self.group)
        messages = [event["message"] for page in pages for event in page["events"]]
        return [text for text in messages if any(pattern.matches(text) for pattern in patterns)]

    def filters(self) -> list[dict[str, Any]]:
        found = self.logs.describe_metric_filters(logGroupName=self.group, filterNamePrefix=ALARM)
        return [
            {
                name: each[name]
                for name in ("filterName", "filterPattern", "metricTransformations", "logGroupName")
            }
            for each in found["metricFilters"]
        ]

    def alarm(self, name: str = ALARM) -> dict[str, Any]:
        (described,) = self.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        members = self.cloudwatch.meta.service_model.shape_for("PutMetricAlarmInput").members
        return {key: value for key, value in described.items() if key in members}


@pytest.fixture(scope="module")
def account(terraform: Any, aws: dict[str, str], local_cloud: local.LocalCloud) -> Iterator[Account]:
    """Applied with delivery held: what the apply did arrives when all of it is there, as on AWS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
        secrets = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x").client("secretsmanager")
        secrets.create_secret(Name="app", SecretString="x")
        root = terraform.new_root("late", ROOT)
        with local.held_delivery(local_cloud):
            terraform.run(root, "apply", "-auto-approve")
            local_cloud.confirm()
        watches = json.loads(terraform.run(root, "output", "-json", "watches"))
        # Not destroyed, which the examples are: the cloud ends with the run, and all that is in it.
        made = Account(local_cloud, watches["app"], root)
        yield made
        delete_alarms(made.session)


def test_the_first_apply_rings_for_nothing_that_it_did(account: Account) -> None:
    """The first test of the file: later ones do ring."""
    account.cloud.tick()
    assert account.alarm()["AlarmName"] == ALARM
    assert (account.told(), account.changes()) == (0, []), account.counted()


@pytest.mark.parametrize("tool", [["smoke"], ["doctor"]], ids=lambda tool: tool[0])
def test_our_own_tools_do_not_ring(
    account: Account, terraform: Any, monkeypatch: pytest.MonkeyPatch, tool: list[str]
) -> None:
    """A drill's calls are in tests/e2e/test_drill.py."""
    for name, value in (terraform.env | {"AWS_ACCESS_KEY_ID": ACCOUNT}).items():
        monkeypatch.setenv(name, value)
    before = account.told(), account.changes()
    ended = subprocess.run(
        [COMMAND, *tool, str(account.root)], text=True, capture_output=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    account.cloud.tick()
    assert (account.told(), account.changes()) == before


def test_a_plan_sees_a_disabled_rule(
    account: Account, terraform: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or "terraform apply" would not undo it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
    account.settle()
    undo = disable("alarms")(account)
    try:
        assert "1 to change" in terraform.run(account.root, "plan")
    finally:
        undo()


Deed = Callable[[Account], Callable[[], Any]]
"""Does something and answers how it is put back."""


def stop_the_trail(account: Account) -> Callable[[], Any]:
    account.cloudtrail.stop_logging(Name="late")
    return lambda: account.cloudtrail.start_logging(Name="late")


def narrow_the_trail(account: Account) -> Callable[[], Any]:
    def select(kind: str) -> None:
        selector = {"ReadWriteType": kind, "IncludeManagementEvents": True}
        account.cloudtrail.put_event_selectors(TrailName="late", EventSelectors=[selector])

    select("WriteOnly")
    return lambda: select("All")


def delete_a_watch_s_filter(account: Account) -> Callable[[], Any]:
    (found,) = account.logs.describe_metric_filters(logGroupName=account.group, filterNamePrefix="late-app")[
        "metricFilters"
    ]
    kept = {
        key: found[key] for key in ("filterName", "filterPattern", "metricTransformations", "logGroupName")
    }
    account.logs.delete_metric_filter(logGroupName=account.group, filterName=kept["filterName"])
    return lambda: account.logs.put_metric_filter(**kept)


def delete_a_watch_s_alarm(account: Account) -> Callable[[], Any]:
    kept = account.alarm("late-app")
    account.cloudwatch.delete_alarms(AlarmNames=["late-app"])
    return lambda: account.cloudwatch.put_metric_alarm(**kept)


def delete_the_bucket_policy(account: Account) -> Callable[[], Any]:
    bucket = account.facts["bucket_name"]
    kept = account.s3.get_bucket_policy(Bucket=bucket)["Policy"]
    account.s3.delete_bucket_policy(Bucket=bucket)
    return lambda: account.s3.put_bucket_policy(Bucket=bucket, Policy=kept)


def delete_the_tamper_filters(account: Account) -> Callable[[], Any]:
    kept = account.filters()
    for each in kept:
        account.logs.delete_metric_filter(logGroupName=account.group, filterName=each["filterName"])
    return lambda: [account.logs.put_metric_filter(**each) for each in kept]


def delete_the_tamper_alarm(account: Account) -> Callable[[], Any]:
    kept = account.alarm()
    account.cloudwatch.delete_alarms(AlarmNames=[ALARM])
    return lambda: account.cloudwatch.put_metric_alarm(**kept)


def delete_filters_then_alarm(account: Account) -> Callable[[], Any]:
    undo = [delete_the_tamper_filters(account), delete_the_tamper_alarm(account)]
    return lambda: [each() for each in undo]


def stop_then_delete_the_alarm(account: Account) -> Callable[[], Any]:
    undo = [stop_the_trail(account), delete_the_tamper_alarm(account)]
    return lambda: [each() for each in undo]


def replace_the_tamper_filters(account: Account) -> Callable[[], Any]:
    kept = account.filters()
    for each in kept:
        account.logs.put_metric_filter(**each | {"filterPattern": '{ $.eventName = "Nothing" }'})
    return lambda: [account.logs.put_metric_filter(**each) for each in kept]


def raise_the_threshold(account: Account) -> Callable[[], Any]:
    kept = account.alarm()
    account.cloudwatch.put_metric_alarm(**kept | {"Threshold": 1000.0})
    return lambda: account.cloudwatch.put_metric_alarm(**kept)


def mute_the_tamper_alarm(account: Account) -> Callable[[], Any]:
    account.cloudwatch.disable_alarm_actions(AlarmNames=[ALARM])
    return lambda: account.cloudwatch.enable_alarm_actions(AlarmNames=[ALARM])


def close_the_topic(account: Account) -> Callable[[], Any]:
    kept = account.sns.get_topic_attributes(TopicArn=account.topic)["Attributes"]["Policy"]
    closed = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sns:*", "Resource": account.topic}
        ],
    }

    def set_policy(policy: str) -> None:
        account.sns.set_topic_attributes(
            TopicArn=account.topic, AttributeName="Policy", AttributeValue=policy
        )

    set_policy(json.dumps(closed))
    return lambda: set_policy(kept)


def unsubscribe(account: Account) -> Callable[[], Any]:
    (found,) = account.subscriptions()
    account.sns.unsubscribe(SubscriptionArn=found)

    def subscribe() -> None:
        account.sns.subscribe(TopicArn=account.topic, Protocol="email", Endpoint="oncall@example.com")
        account.cloud.confirm()

    return subscribe


def shut_the_role(account: Account) -> Callable[[], Any]:
    (name,) = account.iam.list_role_policies(RoleName=account.role)["PolicyNames"]
    kept = account.iam.get_role_policy(RoleName=account.role, PolicyName=name)["PolicyDocument"]
    account.iam.delete_role_policy(RoleName=account.role, PolicyName=name)
    return lambda: account.iam.put_role_policy(
        RoleName=account.role, PolicyName=name, PolicyDocument=json.dumps(kept)
    )


def close_the_fast_topic(account: Account) -> Callable[[], Any]:
    (topic,) = account.facts["fast_self_watch"]["topic_arns"]
    kept = account.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    own = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sns:*", "Resource": topic}

    def set_policy(policy: str) -> None:
        account.sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)

    set_policy(json.dumps({"Version": "2012-10-17", "Statement": [own]}))
    return lambda: set_policy(kept)


def disable_the_fast_key(account: Account) -> Callable[[], Any]:
    (topic,) = account.facts["fast_self_watch"]["topic_arns"]
    key = account.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["KmsMasterKeyId"]
    kms = account.session.client("kms")
    kms.disable_key(KeyId=key)
    return lambda: kms.enable_key(KeyId=key)


def disable(part: str) -> Deed:
    """The fast way's rule on this part."""

    def do(account: Account) -> Callable[[], Any]:
        rule, events = account.facts["fast_self_watch"]["rule_names"][part], account.session.client("events")
        events.disable_rule(Name=rule)
        return lambda: events.enable_rule(Name=rule)

    do.__name__ = f"disable_the_rule_on_{part}"
    return do


BOTH, FAST = {"fast", "slow"}, {"fast"}
HEARD: dict[Deed, set[str]] = {
    stop_the_trail: BOTH,
    narrow_the_trail: BOTH,
    delete_a_watch_s_filter: BOTH,
    delete_a_watch_s_alarm: BOTH,
    delete_the_bucket_policy: BOTH,
    # The slow way would have to tell of these after they took it away.
    delete_the_tamper_filters: FAST,
    delete_the_tamper_alarm: FAST,
    delete_filters_then_alarm: FAST,
    stop_then_delete_the_alarm: FAST,
    replace_the_tamper_filters: FAST,
    raise_the_threshold: FAST,
    mute_the_tamper_alarm: FAST,
    close_the_topic: FAST,
    unsubscribe: FAST,
    shut_the_role: FAST,
}


@pytest.mark.parametrize(("do", "ways"), HEARD.items(), ids=[deed.__name__ for deed in HEARD])
def test_it_is_heard_although_its_event_arrives_later(
    account: Account, held_delivery: Callable[..., local.HeldDelivery], do: Deed, ways: set[str]
) -> None:
    account.settle()
    before = account.mails()
    with held_delivery() as held:
        undo = do(account)
        try:
            held.release()
            account.cloud.tick()
            account.await_mails(before, ways)
        finally:
            held.hold()
            undo()
            # What putting it back did arrives here, and is counted before the next test begins.
            held.release()


# Of the model (secretwatch/silencing/model.py) its worst sets, and those that it says are not enough.
TOGETHER: dict[tuple[Deed, ...], set[str]] = {
    (close_the_fast_topic,): {"slow"},
    (disable_the_fast_key,): {"slow"},
    (disable("rules"),): {"slow"},
    (disable("rules"), delete_the_tamper_alarm): FAST,
    (disable("alarms"), delete_the_tamper_alarm): FAST,
    (close_the_fast_topic, stop_the_trail): {"slow"},
    # What docs/self-watch.md lists, and what takes three.
    (close_the_fast_topic, delete_the_tamper_alarm): set(),
    (delete_the_tamper_filters, disable_the_fast_key): set(),
    (shut_the_role, close_the_fast_topic): set(),
    (close_the_topic, close_the_fast_topic): set(),
    (disable("rules"), disable("alarms"), delete_the_tamper_alarm): set(),
}


# The model (test_silencing_replay.py, tests/plan/test_silencing.py) is tried in each run.
@pytest.mark.later
@pytest.mark.parametrize(
    ("deeds", "ways"), TOGETHER.items(), ids=["+".join(deed.__name__ for deed in deeds) for deeds in TOGETHER]
)
def test_what_is_heard_of_several_is_what_the_model_says(
    account: Account,
    held_delivery: Callable[..., local.HeldDelivery],
    deeds: tuple[Deed, ...],
    ways: set[str],
) -> None:
    account.settle()
    before = account.mails()
    with held_delivery() as held:
        undos = [do(account) for do in deeds]
        try:
            held.release()
            account.cloud.tick()
            account.await_mails(before, ways)
            # All that was let go has arrived: what else would have come is there.
            assert set(account.mails() - before) == ways
        finally:
            held.hold()
            for undo in reversed(undos):
                undo()
            held.release()


READS: list[Deed] = [
    stop_the_trail,
    narrow_the_trail,
    delete_the_bucket_policy,
    delete_a_watch_s_filter,
    delete_a_watch_s_alarm,
    shut_the_role,
]


@pytest.mark.parametrize(
    "do",
    [READS[0], *(pytest.param(each, marks=pytest.mark.later) for each in READS[1:])],
    ids=lambda deed: deed.__name__,
)
def test_who_covers_up_a_read_before_it_arrives_is_named(
    account: Account, held_delivery: Callable[..., local.HeldDelivery], do: Deed
) -> None:
    """The read itself may go uncounted: by the filters, and untold by the alarms, that are left by then."""
    account.settle()
    before = account.mails()
    with held_delivery() as held:
        account.session.client("secretsmanager").get_secret_value(SecretId="app")
        undo = do(account)
        try:
            held.release()
            account.cloud.tick()
            account.await_mails(before, FAST)
        finally:
            held.hold()
            undo()
            held.release()


def test_blindness_is_heard_after_an_hour(
    account: Account, held_delivery: Callable[..., local.HeldDelivery]
) -> None:
    account.session.client("secretsmanager").get_secret_value(SecretId="app")
    wait_for("sight", lambda: account.state("late-blind") == "OK")
    before = account.told("late-blind")
    with held_delivery():
        undo = shut_the_role(account)

    def is_told_after_an_hour() -> bool:
        # Metrics of the last events may have been on their way: then it is an hour after those.
        account.cloud.tick(75)
        # Of an OK it tells as well, so both have to hold.
        return account.told("late-blind") > before and account.state("late-blind") == "ALARM"

    try:
        wait_for("the alarm", is_told_after_an_hour)
    finally:
        undo()
