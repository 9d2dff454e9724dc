"""The alarm on a single read, filter policies, names of secrets, mends, permissions, and asking."""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from healthy import ACCOUNT, METRIC, REGION, SECRET, TOPIC, alarm, facts, metric_filter

from secretwatch import secretid
from secretwatch.alarm import config_of
from secretwatch.cloudtrail import event_text, is_read_only
from secretwatch.filterpattern import Explanation, FilterPattern
from secretwatch.pipeline.doctor.asking import Asking, NotReadOnly
from secretwatch.pipeline.doctor.calls import Call
from secretwatch.pipeline.doctor.hops.alarm_minutes import rings
from secretwatch.pipeline.doctor.hops.wanting import wants
from secretwatch.pipeline.doctor.kinds import alarms, filters
from secretwatch.pipeline.doctor.patterns import pattern_for
from secretwatch.pipeline.doctor.permissions import policy
from secretwatch.pipeline.doctor.reads import expected, is_read
from secretwatch.pipeline.doctor.sentences import said
from secretwatch.pipeline.watch import Realtime

ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"


@pytest.mark.parametrize(
    ("changes", "zeros", "expected"),
    [
        ({}, True, True),
        ({}, False, True),
        ({"Statistic": "Average"}, True, False),
        ({"Statistic": "Average"}, False, True),
        ({"Statistic": "Maximum"}, True, True),
        ({"Threshold": 2.0}, True, False),
        ({"ComparisonOperator": "GreaterThanThreshold"}, True, False),
        ({"ComparisonOperator": "GreaterThanThreshold", "Threshold": 0.0}, True, True),
        ({"EvaluationPeriods": 3}, True, False),
        ({"EvaluationPeriods": 3, "DatapointsToAlarm": 1}, True, True),
        ({"TreatMissingData": "missing"}, False, True),
    ],
)
def test_whether_a_single_read_rings(changes: dict[str, Any], zeros: bool, expected: bool) -> None:
    assert rings(config_of(alarm(**changes)), zeros=zeros) is expected


@pytest.mark.parametrize(
    ("filter_policy", "scope", "expected"),
    [
        ({}, None, True),
        ({"severity": ["high"]}, "MessageAttributes", False),
        ({"severity": [{"exists": False}]}, "MessageAttributes", True),
        ({"NewStateValue": ["ALARM", "OK"]}, "MessageBody", True),
        ({"NewStateValue": ["OK"]}, "MessageBody", False),
        ({"NewStateValue": [{"anything-but": ["ALARM"]}]}, "MessageBody", False),
        ({"AlarmName": ["x"]}, "MessageBody", False),
        ({"AlarmName": ["payments-secret-read"]}, "MessageBody", True),
    ],
)
def test_filter_policies_of_subscriptions(filter_policy: Any, scope: str | None, expected: bool) -> None:
    message = json.dumps({"AlarmName": "payments-secret-read", "NewStateValue": "ALARM"})
    assert wants(json.dumps(filter_policy), scope, message) is expected


@pytest.mark.parametrize(
    ("asked_for", "secrets", "expected"),
    [
        ("db", ["db"], True),
        (ARN, ["db"], True),
        (ARN[:-7], ["db"], True),
        ("db", [ARN], True),
        ("db-replica", ["db"], False),
        ("db", [], True),
    ],
)
def test_reads_of_a_secret(asked_for: str, secrets: list[str], expected: bool) -> None:
    event = expected_event(asked_for)
    assert is_read(event, secrets) is expected


def expected_event(secret: str) -> dict[str, Any]:
    return expected(secret, ACCOUNT, REGION, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_read_that_names_no_secret_could_be_of_any() -> None:
    assert is_read(expected_event("db") | {"requestParameters": None}, ["other"])
    assert not is_read(expected_event("db") | {"eventName": "DescribeSecret"}, ["db"])


@pytest.mark.parametrize("secret", ["db", "rds!cluster-1.x", "a/b_c+d=e@f", ARN])
def test_the_pattern_that_mends_matches_every_way_to_name_the_secret(secret: str) -> None:
    pattern = FilterPattern.parse(pattern_for([secret]))
    for form in secretid.forms(secret):
        assert pattern.matches(event_text(expected_event(form))), form
    assert not pattern.matches(event_text(expected_event("something-else")))


def test_an_alarm_is_put_as_it_is_but_for_the_change() -> None:
    words = shlex.split(alarms.put(alarm(Statistic="Average"), Statistic="Sum").command())
    options = dict(zip(words[3::2], words[4::2], strict=False))
    assert options["--statistic"] == "Sum"
    assert options["--threshold"] == "1"
    assert options["--alarm-actions"] == TOPIC
    assert "--dimensions" not in options


def test_a_mend_stays_on_its_line(tmp_path: Path) -> None:
    text = "It's\na \\ description"
    command = alarms.put(alarm(AlarmDescription=text)).command()
    assert "\n" not in command
    assert shown(command, tmp_path)["AlarmDescription"] == text


def shown(command: str, folder: Path) -> dict[str, Any]:
    """What a shell hands to the AWS CLI as JSON."""
    script = folder / "command"
    script.write_text(f'aws() {{ test "$3" = --cli-input-json && printf %s "$4"; }}\n{command}\n')
    done = subprocess.run(["sh", str(script)], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("subject", [None, facts().subject], ids=["any", "a watch"])
def test_the_policy_has_nothing_but_reading_in_it(subject: Any) -> None:
    document = policy(subject)
    actions = [action for statement in document["Statement"] for action in statement["Action"]]
    for action in actions:
        service, name = action.split(":")
        assert is_read_only(f"{service}.amazonaws.com", name), action
        assert not name.endswith("SecretValue")
    assert len(actions) == len(set(actions))


def test_the_policy_names_the_fast_paths_topics() -> None:
    healthy = facts().subject
    fast = f"{TOPIC}-fast"
    subject = replace(healthy, realtime=Realtime(rule_names=("r",), topic_arns=(fast,)))
    (topics,) = [each for each in policy(subject)["Statement"] if each["Sid"] == "Topics"]
    assert topics["Resource"] == [*healthy.topic_arns, fast]


# Asking


class Client:
    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers, self.calls = answers, []

    def can_paginate(self, method: str) -> bool:
        return False

    def __getattr__(self, method: str) -> Any:
        def call(**request: Any) -> Any:
            self.calls.append(method)
            answer = self.answers[method]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


def asking(client: Client) -> Asking:
    aws: Any = SimpleNamespace(client=lambda service, app_id: client)
    return Asking(lambda region: aws, REGION)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetTrailStatus")


def test_each_question_is_asked_once() -> None:
    client = Client({"get_trail_status": {"IsLogging": True}})
    ask = asking(client)
    for _ in range(3):
        assert ask("cloudtrail", "GetTrailStatus", "t", Name="t").answer == {"IsLogging": True}
    assert client.calls == ["get_trail_status"]


def test_what_may_not_be_asked_is_named() -> None:
    ask = asking(Client({"get_trail_status": refused("AccessDeniedException")}))
    found = ask("cloudtrail", "GetTrailStatus", "arn:t", Name="t")
    assert (found.problem, found.missing) == ("denied", "cloudtrail:GetTrailStatus on arn:t")
    assert ask.denied == ["cloudtrail:GetTrailStatus on arn:t"]


@pytest.mark.parametrize(
    ("code", "problem"), [("TrailNotFoundException", "absent"), ("InternalFailure", "failed")]
)
def test_what_is_not_there(code: str, problem: str) -> None:
    found = asking(Client({"get_trail_status": refused(code)}))("cloudtrail", "GetTrailStatus", Name="t")
    assert found.problem == problem


@pytest.mark.parametrize("operation", ["StopLogging", "PutMetricAlarm", "UpdateTrail", "SetAlarmState"])
def test_what_changes_something_is_never_sent(operation: str) -> None:
    client = Client({})
    with pytest.raises(NotReadOnly):
        asking(client)("cloudtrail", operation, Name="t")
    assert client.calls == []


def test_a_filter_is_put_as_it_is_but_for_the_change() -> None:
    words = shlex.split(filters.put(metric_filter(), filterPattern=pattern_for([SECRET])).command())
    (transformation,) = json.loads(words[-1])
    assert (transformation["metricNamespace"], transformation["metricName"]) == METRIC
    assert words[words.index("--filter-pattern") + 1] == pattern_for([SECRET])


@pytest.mark.parametrize("text", ["prod/\x1b[2J", "a\u202eb", "line\nbreak", "tab\there", "\U000e0001"])
def test_nothing_in_a_command_is_obeyed_by_a_terminal(text: str, tmp_path: Path) -> None:
    command = Call("secretsmanager", "DescribeSecret", {"SecretId": text}).command()
    assert command.isprintable()
    assert shown(command, tmp_path) == {"SecretId": text}


@pytest.mark.parametrize("text", ["file:///etc/hostname", "fileb://x", "https://wiki.example/runbook", "--x"])
def test_a_text_is_not_read_as_a_file_or_an_option(text: str) -> None:
    changed = alarms.put(alarm(AlarmDescription=text), Statistic="Sum")
    words = shlex.split(changed.command())
    assert words[:4] == ["aws", "cloudwatch", "put-metric-alarm", "--cli-input-json"]
    assert json.loads(words[4]) == changed.params
    assert len(words) == 5


def test_a_queues_url_is_an_option_as_ever() -> None:
    url = "https://sqs.us-east-1.amazonaws.com/111122223333/q"
    assert f"--queue-url {url}" in Call("sqs", "SetQueueAttributes", {"QueueUrl": url}).command()


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ('$.eventName = "*getSecretValue"', "upper and lower case differ"),
        ('$.eventName = "*Secret*e"', "taken at its first place"),
        ('$.eventName = "Put*"', ""),
    ],
)
def test_the_hint_at_a_star_is_the_one_that_helps(written: str, hint: str) -> None:
    words = said(Explanation(written, False, ("GetSecretValue",)))
    assert hint in words
    assert ("(" in words) is bool(hint)
