"""Alarms on CloudTrail about other things than secrets: healthy while they ring, and no mend changes them."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from about_others import about, broken
from answers import case
from cis import PATTERNS, generated, settings
from deep import some
from healthy import REGION, TOPIC, facts

from secretwatch.pipeline.doctor import about as about_it
from secretwatch.pipeline.doctor.account import Ref
from secretwatch.pipeline.doctor.calls import Person
from secretwatch.pipeline.doctor.subject import NoSuchSubject, Subject
from secretwatch.pipeline.doctor.view import View
from secretwatch.pipeline.doctor.walk import configured


@pytest.mark.parametrize("name", PATTERNS)
def test_it_is_healthy(name: str) -> None:
    view = about(PATTERNS[name])
    assert not view.subject.is_about_secrets
    assert broken(view)[0] == []
    warned = [each.cause for hop in configured(view) for each in hop.findings]
    assert "no-tamper-alarm" not in warned  # which nobody set up, and nobody asked for


def test_of_one_about_a_secret_the_pattern_says_which() -> None:
    one = about('{ $.eventName = "GetSecretValue" && $.requestParameters.secretId = "prod/db" }').subject
    assert (one.is_about_secrets, one.secrets) == (True, ("prod/db",))
    root = about('{ $.eventName = "GetSecretValue" && $.userIdentity.type = "Root" }').subject
    assert (root.is_about_secrets, root.event_names) == (False, ("GetSecretValue",))
    # A name that no call has is a slip of somebody who means reads.
    assert about('{ $.eventName = "getSecretValue" }').subject.is_about_secrets


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ('{ $.eventName = "createPolicy" }', "begin with a capital letter"),
        ('{ $.eventName = "ConsoleLogin" && $.eventName = "StopLogging" }', "contradict one another"),
        ('{ $.eventSource = "ec2" && $.eventName = "RunInstances" }', "the names of services"),
        ('{ $.eventname = "StopLogging" }', "as in $.eventName"),
    ],
)
def test_what_nothing_can_match_is_broken(pattern: str, says: str) -> None:
    found, plan = broken(about(pattern))
    assert any(says in each.sentence for _, each in found)
    assert plan == []


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ('{ $.readOnly = "false" && $.eventName = "CreateUser" }', "IS FALSE"),
        ('{ $.eventName = "CreateUser" && $.errorCode IS NULL }', "write NOT EXISTS"),
        ('{ $.eventName = "CreateUser" && $.userIdentity.invokedBy IS NULL }', "write NOT EXISTS"),
        (
            '{ $.eventName = "CreateUser" && '
            "$.userIdentity.sessionContext.attributes.mfaAuthenticated IS FALSE }",
            'write = "false"',
        ),
        ('{ $.eventType = "AwsConsoleSignin" }', "writes AwsConsoleSignIn there"),
        ('{ $.eventName = "ConsoleLogin" && $.errorMessage = "Failed Authentication" }', "authentication"),
        ('{ $.eventName = "CreateUser" && $.eventSource = "IAM.amazonaws.com" }', "names of services"),
        ('{ $.eventName = "CreateUser" && $.eventSource = "iam.amazon.com" }', "names of services"),
        ('{ $.eventName = " DeleteBackupVault" }', "names of calls are words"),
        ('{ $.eventName = "rds:DeleteDBCluster" }', "as DeleteDBCluster"),
        ('{ $.eventName = "CreateUser" && $.awsRegion = "us-east-1a" }', "like us-east-1"),
        ('{ $.eventName = "CreateUser" && $.sourceIPAddress = "10.0.0.0/8" }', "knows no networks"),
        ('{ $.detail.eventName = "StopLogging" }', "as EventBridge shows"),
        (
            '{ $.eventSource = "ec2.amazonaws.com" && $.eventName = "CreateUser" }',
            "a call of iam.amazonaws.com",
        ),
        (
            '{ $.eventSource = "lambda.amazonaws.com" && $.eventName = "AddPermission" }',
            "AddPermission20150331v2",
        ),
        ('{ $.userIdentity.type = "root" }', "CloudTrail writes Root there"),
        ('{ $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed = "false" }', "Yes or No"),
    ],
)
def test_a_value_that_no_event_has_is_broken(pattern: str, says: str) -> None:
    found, _ = broken(about(pattern))
    assert any(says in each.sentence for _, each in found)


def test_a_name_that_no_service_has_is_named() -> None:
    """Whether another service has a name is looked up in all of them, once a name."""
    for name, right in (
        ("StopLoging", "StopLogging"),
        ("AuthorizeSecurityGroupIngres", "AuthorizeSecurityGroupIngress"),
    ):
        found, _ = broken(about(f'{{ $.eventName = "{name}" }}'))
        assert [(each.cause, name in each.sentence, right in each.mend) for _, each in found] == [
            ("pattern", True, True)
        ]
        one_of_two = about(f'{{ ($.eventName = "{name}") || ($.eventName = "DeleteTrail") }}')
        assert broken(one_of_two)[0] == []
        assert any(right in each.sentence for hop in configured(one_of_two) for each in hop.findings)
    # SageMaker has trials.
    assert broken(about('{ $.eventName = "CreateTrial" }'))[0] == []
    of_trails = '{ ($.eventSource = "cloudtrail.amazonaws.com") && ($.eventName = "CreateTrial") }'
    assert "CreateTrail" in broken(about(of_trails))[0][0][1].mend


@pytest.mark.parametrize(
    "name",
    ["ConsoleLogin", "DeleteKey", "UpdateFunctionCode20150331v2", "PutBucketPolicy", "CreateDBCluster"],
)
def test_a_name_that_is_one_is_no_slip(name: str) -> None:
    assert broken(about(f'{{ $.eventName = "{name}" }}'))[0] == []


@pytest.mark.parametrize("name", ["*Group*", "*Group", "Create*", "*Delete*"])
def test_what_fills_a_wildcard_is_no_slip(name: str) -> None:
    assert broken(about(f'{{ $.eventName = "{name}" }}'))[0] == []
    either = f'{{ ($.eventName = "{name}") || ($.eventName = "*Terminate*") }}'
    assert broken(about(either))[0] == []


DATA_EVENTS = [
    '{ ($.eventSource = "s3.amazonaws.com") && ($.eventName = "GetObject") }',
    '{ ($.eventSource = "dynamodb.amazonaws.com") && ($.eventName = "GetItem") }',
    '{ ($.eventSource = "lambda.amazonaws.com") && ($.eventName = "Invoke") }',
]


def _select(view: View, **selectors: Any) -> None:
    for id, _ in view.account.all("trail"):
        view.account.change("trail", id, **selectors)


@pytest.mark.parametrize("pattern", DATA_EVENTS)
def test_data_events_that_no_trail_selects_are_never_recorded(pattern: str) -> None:
    view = about(pattern)
    assert [each.cause for _, each in broken(view)[0]] == ["no-data-events"]
    kinds = {"s3": "AWS::S3::Object", "dynamodb": "AWS::DynamoDB::Table", "lambda": "AWS::Lambda::Function"}
    kind = next(value for name, value in kinds.items() if name in pattern)
    data = {"IncludeManagementEvents": True, "DataResources": [{"Type": kind, "Values": ["arn:aws"]}]}
    _select(view, EventSelectors=[data])
    assert broken(view)[0] == []
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": [kind]},
    ]
    _select(view, EventSelectors=[], AdvancedEventSelectors=[{"FieldSelectors": fields}])
    assert broken(view)[0] == []


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ('{ $.eventType = "AwsCloudTrailInsight" }', "insight"),
        ('{ $.eventCategory = "Insight" }', "insight"),
        ('{ $.eventType = "AwsVpceEvent" }', "network activity"),
        ("{ $.managementEvent IS FALSE }", "data"),
        ('{ $.eventName = "Invoke" }', "data"),
    ],
)
def test_of_events_of_another_kind_the_kind_is_said(pattern: str, kind: str) -> None:
    view = about(pattern)
    _select(view, HasInsightSelectors=False)
    (found,) = [each for _, each in broken(view)[0]]
    assert (found.cause, f"selects no {kind} events" in found.sentence) == ("no-data-events", True)
    assert "AnyEvent" not in found.sentence
    if kind == "insight":
        _select(view, HasInsightSelectors=True)
        assert broken(view)[0] == []


def test_a_call_is_known_without_its_source() -> None:
    elsewhere = about("{ ($.eventName = DeleteGroupPolicy) || ($.eventName = PutRolePolicy) }")
    _select(elsewhere, IsMultiRegionTrail=False, HomeRegion="eu-west-1")
    assert "wrong-region" in [each.cause for _, each in broken(elsewhere)[0]]
    reads = about('{ $.eventName = "AssumeRole" }')
    _select(reads, EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}])
    assert [each.cause for _, each in broken(reads)[0]] == ["write-only"]


def test_of_an_alarm_on_any_call_half_may_be_missing() -> None:
    for kind in ("ReadOnly", "WriteOnly"):
        view = about('{ $.userIdentity.type = "Root" }')
        _select(view, EventSelectors=[{"ReadWriteType": kind, "IncludeManagementEvents": True}])
        assert broken(view)[0] == []
        warned = [each for hop in configured(view) for each in hop.findings if each.cause == "not-selected"]
        assert warned, kind


@pytest.mark.parametrize(
    "pattern",
    [
        '{ ($.eventSource = "iam.amazonaws.com") && ($.eventName = "CreateUser") }',
        '{ $.eventName = "ConsoleLogin" }',
    ],
)
def test_what_is_recorded_in_one_region_needs_a_trail_there(pattern: str) -> None:
    view = about(pattern)
    for id, _ in view.account.all("trail"):
        view.account.change("trail", id, IsMultiRegionTrail=False, HomeRegion="eu-west-1")
    assert "wrong-region" in [each.cause for _, each in broken(view)[0]]


def test_a_trail_that_leaves_global_events_out() -> None:
    view = about('{ ($.eventSource = "iam.amazonaws.com") && ($.eventName = "CreateUser") }')
    _select(view, IncludeGlobalServiceEvents=False)
    found, plan = broken(view)
    assert [each.cause for _, each in found] == ["no-global-events"]
    assert [each.params.get("IncludeGlobalServiceEvents") for each in plan] == [True]


@pytest.mark.parametrize("statistic", ["Maximum", "Average"])
def test_no_number_of_matches_reaches_more_than_one_where_nothing_adds_up(statistic: str) -> None:
    view = about(PATTERNS["root"], {"defaultValue": None}, Statistic=statistic, Threshold=2.0)
    assert broken(view)[0]
    assert broken(about(PATTERNS["root"], Statistic="Sum", Threshold=2.0))[0] == []


def test_below_zero_may_be_counted_on_purpose() -> None:
    below = {"ComparisonOperator": "LessThanThreshold", "Threshold": 0.0}
    assert broken(about(PATTERNS["root"], {"metricValue": "-1"}, **below))[0] == []


def test_an_alarm_that_nothing_feeds_is_not_about_secrets() -> None:
    view = about(PATTERNS["root"])
    lost = {**(view.alarm or {}), "AlarmName": "iam", "Namespace": "CIS", "MetricName": "IAMChanges"}
    view.account.put("alarm", "iam", lost)
    view.alarm_name = "iam"
    view.subject = Subject(region=REGION, alarm_name="iam")
    about_it.what_it_is_about(view)
    view.examples = []
    about_it.make_examples(view, case(facts())[1])
    assert not view.subject.is_about_secrets
    assert {hop for hop, _ in broken(view)[0]} == {"filter"}


def test_a_secret_is_not_asked_for_where_none_is_meant() -> None:
    view = about(PATTERNS["root"])
    view.subject = replace(view.subject, secrets=("prod/db",))
    with pytest.raises(NoSuchSubject, match="leave out --secret"):
        about_it.what_it_is_about(view)


def test_what_is_to_happen_again_is_no_read_of_a_secret() -> None:
    view = about('{ $.eventName = "PutRolePolicy" }')
    step = view.subject.anew("does it arrive?")
    assert isinstance(step, Person)
    assert "PutRolePolicy" in step.command()


def test_a_name_that_no_call_has_is_put_right_where_reads_are_meant() -> None:
    found, plan = broken(about('{ $.eventName = "getsecretvalue" }'))
    assert [each.cause for _, each in found] == ["pattern"]
    assert [each.params["filterPattern"] for each in plan] == ['{ $.eventName = "GetSecretValue" }']


def test_dimensions_and_values_that_the_event_has_are_those_of_the_alarm() -> None:
    pattern = '{ $.eventName = "CreateUser" }'
    user = {"dimensions": {"User": "$.userIdentity.userName"}, "defaultValue": None}
    assert broken(about(pattern, user, Dimensions=[{"Name": "User", "Value": "alice"}]))[0] == []
    assert [each.cause for _, each in broken(about(pattern, user))[0]] == ["other-dimensions"]
    size = {"metricValue": "$.additionalEventData.bytes", "defaultValue": None}
    assert broken(about(pattern, size, Threshold=1000.0))[0] == []


def test_an_alarm_on_what_does_not_come_is_none_that_never_rings() -> None:
    absent = {"ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching"}
    assert broken(about('{ $.eventName = "PutConfigurationRecorder" }', **absent))[0] == []
    for name, value in absent.items():
        assert broken(about('{ $.eventName = "PutConfigurationRecorder" }', **{name: value}))[0], name


def test_a_part_of_a_composite_alarm_is_told_by_that() -> None:
    view = about(PATTERNS["root"], AlarmActions=[])
    assert "no-action" in [each.cause for _, each in broken(view)[0]]
    view.account.put("composite", "all", {"AlarmName": "all", "AlarmActions": [TOPIC]})
    found = [each for hop in configured(view) for each in hop.findings]
    assert [(each.verdict, each.cause) for each in found if each.verdict == "cannot tell"] == [
        ("cannot tell", "composite")
    ]
    assert broken(view)[0] == []


def test_what_no_trail_writes_is_not_followed() -> None:
    view = about('{ $.status = "500" }')
    for id, _ in list(view.account.all("trail")):
        view.account.things.pop(Ref("trail", id))
    view.trail_arn = None
    assert {each.cause for _, each in broken(view)[0]} >= {"no-trail"}
    view.account.put("not of a trail", view.group or "", {})
    assert broken(view)[0] == []
    assert "not-of-a-trail" in [each.cause for hop in configured(view) for each in hop.findings]


def test_what_a_trail_leaves_out_for_its_mass_stays_out() -> None:
    view = about(PATTERNS["security groups"])
    left_out = {"ExcludeManagementEventSources": ["kms.amazonaws.com"]}
    for id, _ in view.account.all("trail"):
        view.account.change("trail", id, EventSelectors=[{"ReadWriteType": "ReadOnly", **left_out}])
    _, plan = broken(view)
    (selector,) = plan[0].params["EventSelectors"]
    assert selector == {"ReadWriteType": "All", "IncludeManagementEvents": True, **left_out}


@pytest.mark.deep
def test_generated_ones_are_healthy() -> None:
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    for _ in range(some(150)):
        pattern, changes = generated(dice), settings(dice)
        found, _ = broken(about(pattern, **changes))
        assert [(name, each.sentence) for name, each in found] == [], (seed, pattern, changes)
