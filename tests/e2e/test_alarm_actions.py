"""Alarms whose actions are muted, disabled or refused; composite alarms, metric math; what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import botocore.session
import clients
import pytest
from accounts import new_account_id
from botocore.exceptions import ClientError
from commands import Runner
from deployment import wait_for

from secretwatch import local
from secretwatch.cli.local import local as command
from secretwatch.newer_operations import extend

REGION = "us-east-1"


@cache
def newer_session() -> Any:
    """Knows the operations that are newer than the oldest botocore."""
    session = botocore.session.get_session()
    extend(session.get_component("data_loader").load_service_model("cloudwatch", "service-2"))
    return session


class Account:
    """An account of the test's own with a topic, whose messages go to a queue."""

    def __init__(self) -> None:
        self.id = new_account_id()
        keys = {"aws_access_key_id": self.id, "aws_secret_access_key": "test", "region_name": REGION}
        self.cloudwatch: Any = newer_session().create_client("cloudwatch", **keys)
        self.sns, self.sqs = clients.client("sns", self.id), clients.client("sqs", self.id)
        self.topic = self.sns.create_topic(Name="topic")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="queue")["QueueUrl"]
        endpoint = f"arn:aws:sqs:{REGION}:{self.id}:queue"
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=endpoint)

    def put(self, name: str = "alarm", **changes: Any) -> None:
        settings: dict[str, Any] = {
            "AlarmName": name,
            "Namespace": "tests",
            "MetricName": name,
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "ignore",
            "AlarmActions": [self.topic],
            "OKActions": [self.topic],
        } | changes
        self.cloudwatch.put_metric_alarm(
            **{name: value for name, value in settings.items() if value is not None}
        )

    def set(self, state: str, name: str = "alarm") -> None:
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="by hand")

    def state(self, name: str = "alarm", kind: str = "MetricAlarms") -> str:
        found = self.cloudwatch.describe_alarms(AlarmNames=[name])[kind]
        return str(found[0]["StateValue"])

    def told(self) -> list[str]:
        """The alarm's name and new state of each message that came since the last time."""
        found: list[str] = []
        while got := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for each in got:
                message = json.loads(json.loads(each["Body"])["Message"])
                found.append(f"{message['AlarmName']} {message['NewStateValue']}")
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
        return found

    def actions(self, name: str = "alarm") -> list[dict[str, Any]]:
        items = self.cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")
        return list(items["AlarmHistoryItems"])

    def mute(self, name: str = "rule", *, minutes: int = 60, **changes: Any) -> None:
        """From an hour ago."""
        at = datetime.now(UTC) - timedelta(hours=1)
        schedule = {"Expression": f"at({at:%Y-%m-%dT%H:%M})", "Duration": f"PT{minutes}M"}
        put = {"Name": name, "Rule": {"Schedule": schedule}, "MuteTargets": {"AlarmNames": ["alarm"]}}
        self.cloudwatch.put_alarm_mute_rule(**(put | changes))


@pytest.fixture
def account(aws: dict[str, str]) -> Account:
    return Account()


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    answer = error.value.response["Error"]
    return answer["Code"], answer["Message"]


# Mute rules. By the ticks of other tests the local cloud's time may be days ahead.

LONG = 14 * 1440


def test_a_muted_alarm_changes_its_state_in_silence_and_rings_when_it_is_over(account: Account) -> None:
    account.put()
    account.mute(minutes=LONG)
    account.set("ALARM")
    assert (account.state(), account.told()) == ("ALARM", [])
    (item,) = account.actions()
    assert item["HistorySummary"] == f"Action {account.topic} was muted by the alarm mute rule rule"
    assert json.loads(item["HistoryData"])["actionState"] == "Muted"
    account.cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="rule")
    wait_for("the alarm's action", lambda: account.told() == ["alarm ALARM"])
    assert account.actions()[0]["HistorySummary"] == f"Successfully executed action {account.topic}"


def test_an_alarm_that_went_back_while_muted_stays_silent(account: Account) -> None:
    account.put()
    account.set("OK")
    wait_for("the alarm's action", lambda: account.told() == ["alarm OK"])
    account.mute(minutes=LONG)
    account.set("ALARM")
    account.set("OK")
    account.cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="rule")
    account.set("ALARM")
    wait_for("the alarm's action, and no other", lambda: account.told() == ["alarm ALARM"])


def test_a_rule_for_others_or_over_mutes_nothing(account: Account) -> None:
    account.put()
    account.put("other")
    account.mute("others", minutes=LONG, MuteTargets={"AlarmNames": ["other"]})
    account.mute("over", minutes=1)
    account.mute("later", minutes=LONG, StartDate=datetime.now(UTC) + timedelta(days=10))
    account.set("ALARM")
    wait_for("the alarm's action", lambda: account.told() == ["alarm ALARM"])


def test_mute_rules_are_described_and_listed(account: Account) -> None:
    account.put()
    account.mute("active", minutes=LONG, Description="at work")
    account.mute("over", minutes=1)
    nightly = {"Expression": "cron(0 2 * * SUN)", "Duration": "PT4H", "Timezone": "Europe/Berlin"}
    account.mute("nightly", Rule={"Schedule": nightly}, MuteTargets={"AlarmNames": []})
    got = account.cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="active")
    assert got["AlarmMuteRuleArn"] == f"arn:aws:cloudwatch:{REGION}:{account.id}:alarm-mute-rule:active"
    assert (got["Status"], got["MuteType"], got["Description"]) == ("ACTIVE", "ONE_TIME", "at work")
    assert got["MuteTargets"] == {"AlarmNames": ["alarm"]}
    got = account.cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="nightly")
    assert (got["MuteType"], got["Rule"]["Schedule"]) == ("RECURRING", nightly)

    def listed(**by: Any) -> list[str]:
        found = account.cloudwatch.list_alarm_mute_rules(**by)["AlarmMuteRuleSummaries"]
        return [each["AlarmMuteRuleArn"].rpartition(":")[2] for each in found]

    assert listed() == ["active", "nightly", "over"]
    assert listed(AlarmName="alarm") == ["active", "over"]
    assert listed(Statuses=["EXPIRED"]) == ["over"]
    page = account.cloudwatch.list_alarm_mute_rules(MaxRecords=2)
    rest = account.cloudwatch.list_alarm_mute_rules(MaxRecords=2, NextToken=page["NextToken"])
    assert (len(page["AlarmMuteRuleSummaries"]), len(rest["AlarmMuteRuleSummaries"])) == (2, 1)
    code, _ = refused(account.cloudwatch.get_alarm_mute_rule, AlarmMuteRuleName="none")
    assert code == "ResourceNotFoundException"
    account.cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName="none")


@pytest.mark.parametrize(
    "wrong",
    [
        {"Rule": {"Schedule": {"Expression": "rate(1 hour)", "Duration": "PT1H"}}},
        {"Rule": {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "P16D"}}},
        {"Rule": {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT1H", "Timezone": "Mars"}}},
        {"MuteTargets": {"AlarmNames": ["nobody"]}},
        {"MuteTargets": {"AlarmNames": ["alarm"] * 101}},
        {"Name": "n" * 256},
        {"StartDate": datetime(2026, 2, 1, tzinfo=UTC), "ExpireDate": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_mute_rules_that_are_refused(account: Account, wrong: dict[str, Any]) -> None:
    account.put()
    with pytest.raises(ClientError) as error:
        account.mute(**wrong)
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert account.cloudwatch.list_alarm_mute_rules()["AlarmMuteRuleSummaries"] == []


# Actions that are disabled or fail


def test_history_tells_that_actions_were_switched(account: Account) -> None:
    account.put()
    account.cloudwatch.disable_alarm_actions(AlarmNames=["alarm", "nobody"])
    account.set("ALARM")
    assert (account.state(), account.told(), account.actions()) == ("ALARM", [], [])
    account.cloudwatch.enable_alarm_actions(AlarmNames=["alarm"])
    history = account.cloudwatch.describe_alarm_history(
        AlarmName="alarm", HistoryItemType="ConfigurationUpdate"
    )["AlarmHistoryItems"]
    assert [item["HistorySummary"] for item in history] == [
        'Alarm "alarm" updated',
        'Alarm "alarm" updated',
        'Alarm "alarm" created',
    ]
    code, message = refused(account.cloudwatch.disable_alarm_actions, AlarmNames=["a"] * 101)
    assert code == "ValidationError"
    assert "at 'alarmNames' failed to satisfy constraint: Member must have length less than" in message


def test_history_tells_of_an_action_that_failed(account: Account) -> None:
    only_the_account = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account.id}:root"},
        "Action": "sns:Publish",
        "Resource": account.topic,
    }
    policy = {"Version": "2012-10-17", "Statement": [only_the_account]}
    account.sns.set_topic_attributes(
        TopicArn=account.topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )
    account.put()
    account.set("ALARM")
    (item,) = account.actions()
    said = f"CloudWatch Alarms is not authorized to perform: SNS:Publish on resource: {account.topic}"
    assert item["HistorySummary"] == f'Failed to execute action {account.topic}. Received error: "{said}"'
    data = json.loads(item["HistoryData"])
    assert (data["actionState"], data["error"]) == ("Failed", said)


# Composite alarms


def test_a_composite_alarm_is_evaluated_by_its_whole_rule(account: Account) -> None:
    for name in ("high", "deploying"):
        account.put(name, AlarmActions=[], OKActions=[])
    put = account.cloudwatch.put_composite_alarm
    put(AlarmName="both", AlarmRule="ALARM(high) AND NOT ALARM(deploying)", AlarmActions=[account.topic])
    put(AlarmName="over", AlarmRule='OK("both") OR FALSE', OKActions=[account.topic])
    assert account.state("both", "CompositeAlarms") == "OK"
    assert account.state("over", "CompositeAlarms") == "ALARM"
    (over,) = account.cloudwatch.describe_alarms(AlarmNames=["over"], AlarmTypes=["CompositeAlarm"])[
        "CompositeAlarms"
    ]
    assert over["StateReason"] == f"{over['AlarmArn']} was created and its alarm rule evaluates to ALARM"
    triggering = json.loads(over["StateReasonData"])["triggeringAlarms"]
    assert [each["arn"].rpartition(":")[2] for each in triggering] == ["both"]
    account.set("ALARM", "deploying")
    account.set("ALARM", "high")
    assert account.state("both", "CompositeAlarms") == "OK"
    account.set("OK", "deploying")
    assert account.state("both", "CompositeAlarms") == "ALARM"
    assert account.state("over", "CompositeAlarms") == "OK"
    wait_for("both messages", lambda: sorted(account.told()) == ["both ALARM", "over OK"])

    delete = account.cloudwatch.delete_alarms
    assert refused(delete, AlarmNames=["high"]) == (
        "ValidationError",
        "Cannot delete high as there are composite alarm(s) depending on it.",
    )
    assert refused(delete, AlarmNames=["deploying", "high"])[1] == (
        "Cannot delete deploying,high as there are composite alarm(s) depending on them."
    )
    delete(AlarmNames=["over"])
    delete(AlarmNames=["both", "high", "deploying"])


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            "ALARM(nobody)",
            "Could not save the composite alarm as alarms [nobody] in the alarm rule do not exist",
        ),
        (" TRUE", "AlarmRule must not contain leading or trailing whitespace or be null"),
        ("ALARM(alarm) AND", "Error in AlarmRule"),
        ("T" * 10241, "Member must have length less than or equal to 10240"),
    ],
)
def test_composite_alarms_that_are_refused(account: Account, rule: str, words: str) -> None:
    account.put()
    code, message = refused(account.cloudwatch.put_composite_alarm, AlarmName="composite", AlarmRule=rule)
    assert (code, words in message) == ("ValidationError", True)


# Metric math


def metric(name: str, **more: Any) -> dict[str, Any]:
    stat = {"Metric": {"Namespace": "tests", "MetricName": name}, "Period": 300, "Stat": "Sum"}
    return {"Id": name, "MetricStat": stat, "ReturnData": False} | more


NO_METRIC = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
SUM = {"Id": "all", "Expression": "SUM([a, FILL(b, 0)])"}


def test_an_alarm_on_the_sum_of_two_metrics(account: Account) -> None:
    account.put(**NO_METRIC, Metrics=[metric("a"), metric("b"), SUM], Threshold=3.0)
    data = [{"MetricName": name, "Value": value} for name, value in (("a", 1), ("b", 2))]
    account.cloudwatch.put_metric_data(Namespace="tests", MetricData=data)
    wait_for("the alarm", lambda: account.state() == "ALARM")
    (described,) = account.cloudwatch.describe_alarms(AlarmNames=["alarm"])["MetricAlarms"]
    assert described["StateReason"].startswith("Threshold Crossed: 1 datapoint [3.0 (")
    assert "statistic" not in json.loads(described["StateReasonData"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"Statistic": "Sum"}, "Statistic should not be set if list of Metrics is set."),
        ({"Unit": "Count"}, "Unit should not be set if list of Metrics is set."),
        ({"Metrics": [metric("a")]}, "Exactly one element of the metrics list should return data."),
        (
            {"Metrics": [metric("a", ReturnData=True), SUM]},
            "Exactly one element of the metrics list should return data.",
        ),
        ({"Metrics": [metric("a"), metric("a"), SUM]}, "Invalid metrics list"),
        ({"Metrics": [metric("a", Id="A"), SUM]}, "Invalid metrics list"),
        ({"Metrics": [{"Id": "e"}]}, "Invalid metrics list"),
        ({"ThresholdMetricId": "band"}, "Threshold and ThresholdMetricId cannot both be set"),
    ],
)
def test_lists_of_metrics_that_are_refused(account: Account, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError) as error:
        account.put(**(NO_METRIC | {"Metrics": [metric("a"), metric("b"), SUM]} | settings))
    assert (
        error.value.response["Error"] | {"Code": "ValidationError", "Message": words}
        == (error.value.response["Error"])
    )


# Other refusals


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"AlarmName": "n" * 256}, "at 'alarmName' failed to satisfy constraint: Member must have length"),
        ({"AlarmDescription": "d" * 1025}, "at 'alarmDescription' failed to satisfy constraint"),
        (
            {"Dimensions": [{"Name": f"n{number}", "Value": "v"} for number in range(31)]},
            "at 'dimensions' failed to satisfy constraint: Member must have length less than or equal to 30",
        ),
        ({"Dimensions": [{"Name": "n", "Value": "v" * 1025}]}, "at 'dimensions.1.member.value' failed"),
    ],
)
def test_alarms_that_are_refused(account: Account, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError) as error:
        account.put(**settings)
    answer = error.value.response["Error"]
    assert (answer["Code"], words in answer["Message"]) == ("ValidationError", True)


def test_reasons_that_are_refused(account: Account) -> None:
    account.put()
    put = {"AlarmName": "alarm", "StateValue": "OK"}
    set_state = account.cloudwatch.set_alarm_state
    code, message = refused(set_state, **put, StateReason="r" * 1024)
    assert (code, "at 'stateReason' failed" in message) == ("ValidationError", True)
    code, _ = refused(set_state, **put, StateReason="", StateReasonData="{}" + " " * 4000)
    assert code == "ValidationError"


NOW = datetime.now(UTC)
ONE = {"MetricName": "m", "Value": 1.0}
DATA: dict[str, tuple[dict[str, Any], str, str]] = {
    "NaN": (
        {"Value": float("nan")},
        "InvalidParameterValue",
        "The value NaN for parameter MetricData.member.1.Value is invalid.",
    ),
    "infinity": ({"Value": float("inf")}, "InvalidParameterValue", "for parameter MetricData.member.1.Value"),
    "too large": ({"Value": 2.0**361}, "InvalidParameterValue", "for parameter MetricData.member.1.Value"),
    "too small": ({"Value": -(2.0**361)}, "InvalidParameterValue", "for parameter MetricData.member.1.Value"),
    "too old": (
        {"Timestamp": NOW - timedelta(days=15)},
        "InvalidParameterValue",
        "The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks.",
    ),
    "too new": (
        {"Timestamp": NOW + timedelta(hours=4)},
        "InvalidParameterValue",
        "Timestamp must specify a time no more than two hours in the future.",
    ),
    "nothing": (
        {"Value": None},
        "InvalidParameterCombination",
        "At least one of the parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues",
    ),
    "two values": ({"Values": [1.0]}, "InvalidParameterCombination", "are mutually exclusive"),
    "counts": (
        {"Value": None, "Values": [1.0], "Counts": [1.0, 2.0]},
        "InvalidParameterValue",
        "must be of the same size",
    ),
    "a negative count": (
        {"Value": None, "Values": [1.0], "Counts": [-1.0]},
        "InvalidParameterValue",
        "The value -1.0 for parameter MetricData.member.1.Counts.member.1 is invalid.",
    ),
    "a set of no samples": (
        {"Value": None, "StatisticValues": {"SampleCount": 0.0, "Sum": 0.0, "Minimum": 0.0, "Maximum": 0.0}},
        "InvalidParameterValue",
        "The value 0.0 for parameter MetricData.member.1.StatisticValues.SampleCount is invalid.",
    ),
    "fewer than no samples": (
        {"Value": None, "StatisticValues": {"SampleCount": -1.0, "Sum": 0.0, "Minimum": 0.0, "Maximum": 0.0}},
        "InvalidParameterValue",
        "The value -1.0 for parameter MetricData.member.1.StatisticValues.SampleCount is invalid.",
    ),
    "31 dimensions": (
        {"Dimensions": [{"Name": f"n{number}", "Value": "v"} for number in range(31)]},
        "InvalidParameterValue",
        "The collection MetricData.member.1.Dimensions must not have a size greater than 30.",
    ),
    "an empty dimension": (
        {"Dimensions": [{"Name": "n", "Value": " "}]},
        "MissingParameter",
        "The parameter MetricData.member.1.Dimensions.member.1.Value is required.",
    ),
    "a resolution": ({"StorageResolution": 30}, "InvalidParameterValue", "StorageResolution is invalid"),
}


@pytest.mark.parametrize("wrong", DATA)
def test_metric_data_that_is_refused(account: Account, wrong: str) -> None:
    changes, code, words = DATA[wrong]
    datum = {name: value for name, value in (ONE | changes).items() if value is not None}
    found = refused(account.cloudwatch.put_metric_data, Namespace="tests", MetricData=[datum])
    assert (found[0], words in found[1]) == (code, True)
    assert account.cloudwatch.list_metrics(Namespace="tests")["Metrics"] == []


def test_namespaces_of_aws_are_reserved(account: Account) -> None:
    for namespace in ("AWS/Logs", "AWS/Mine", ":colon"):
        found = refused(account.cloudwatch.put_metric_data, Namespace=namespace, MetricData=[ONE])
        assert found == (
            "InvalidParameterValue",
            f"The value {namespace} for parameter Namespace is invalid.",
        )
    found = refused(account.cloudwatch.put_metric_data, Namespace="tests", MetricData=[ONE] * 1001)
    assert found[1] == "The collection MetricData must not have a size greater than 1000."
    account.cloudwatch.put_metric_data(Namespace="tests", MetricData=[ONE | {"Value": -(2.0**360)}])


def test_dashboards_that_are_refused(account: Account) -> None:
    put = account.cloudwatch.put_dashboard
    widget = {"type": "text", "x": 0, "width": 6, "height": 6, "properties": {"markdown": "hello"}}
    put(DashboardName="board", DashboardBody=json.dumps({"widgets": [widget]}))
    for body in (
        "{",
        "[]",
        "{}",
        json.dumps({"widgets": [widget | {"type": "clock"}, widget | {"width": 25}]}),
    ):
        code, message = refused(put, DashboardName="board", DashboardBody=body)
        assert code == "InvalidParameterInput"
        assert message.startswith("The dashboard body is invalid, there are ")
    assert refused(put, DashboardName="a b", DashboardBody="{}")[0] == "InvalidParameterValue"


def test_who_confirms_late_is_told_of_alarms_that_ring_already(
    aws: dict[str, str], local_cloud: local.LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account()
    account.put("early", AlarmActions=[account.topic])
    account.put("quiet", AlarmActions=[account.topic])
    account.cloudwatch.set_alarm_state(AlarmName="early", StateValue="ALARM", StateReason="by hand")
    account.sns.subscribe(TopicArn=account.topic, Protocol="email", Endpoint="late@example.com")
    monkeypatch.setenv("SECRETWATCH_STATE_DIR", str(local_cloud.state_dir))
    said = Runner().invoke(command, ["confirm"]).output
    assert "early is in ALARM already" in said
    assert "quiet is in ALARM" not in said
