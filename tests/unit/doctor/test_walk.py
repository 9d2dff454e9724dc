"""From facts to findings: what each hop says of what AWS answered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from answers import AlarmOn, Facts, walk
from deployed_alarms import SINGLE, several
from healthy import (
    ACCOUNT,
    LOGGED_AT,
    METRIC,
    NOW,
    PATTERN,
    READ_AT,
    REGION,
    SECRET,
    TOPIC,
    TRAIL,
    absent,
    alarm,
    asked,
    denied,
    facts,
    metric_filter,
    read,
    rung,
    topic,
)

from secretwatch import secretid
from secretwatch.alarm import Sample
from secretwatch.filterpattern import FilterPattern
from secretwatch.pipeline.doctor.patterns import pattern_for
from secretwatch.pipeline.doctor.reads import expected, is_read
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.walk import Diagnosis
from secretwatch.pipeline.watch import Realtime, Watch


def verdicts(diagnosis: Diagnosis) -> dict[str, tuple[str, str]]:
    """Verdict and cause of each hop that is not healthy."""
    return {hop.name: (hop.verdict, hop.cause or "") for hop in diagnosis.hops if hop.verdict != "healthy"}


def test_what_is_healthy_is_healthy() -> None:
    found = walk(facts())
    assert verdicts(found) == {}
    assert (found.result, found.exit_code, found.broken) == ("healthy", 0, [])
    assert all(hop.sentence for hop in found.hops)


# As the module deploys it: nothing but matches is counted, in one unit.

COUNTED = {"defaultValue": None, "unit": "Count"}
READS = [Sample(LOGGED_AT.replace(second=0), 1.0, unit="Count")]


def deployed(on: dict[str, Any], **changes: Any) -> Facts:
    """A watch of the module with this alarm."""
    counter = {
        **metric_filter(**COUNTED),
    }
    [transformation] = counter["metricTransformations"]
    counter["metricTransformations"] = [{k: v for k, v in transformation.items() if v is not None}]
    described = {name: value for name, value in (alarm() | on).items() if value is not None}
    return facts(
        **{
            "alarm": described,
            "filters": asked([counter]),
            "emitting": asked([counter]),
            "samples": READS,
        }
        | changes
    )


ON_MATH = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period", "Dimensions"))
METRIC_OF = {"Namespace": METRIC[0], "MetricName": METRIC[1]}
ANY_OF_THREE = ON_MATH | several(
    METRIC_OF, stat="Maximum", period=300, EvaluationPeriods=3, DatapointsToAlarm=1, Threshold=1.0
)
FIVE_READS = ON_MATH | several(METRIC_OF, stat="SampleCount", period=300, EvaluationPeriods=1, Threshold=5.0)


NO_CREDENTIALS = replace(
    absent("sts:GetCallerIdentity"),
    problem="failed",
    why="Unable to locate credentials.",
    about_credentials=True,
)
UNAVAILABLE = replace(NO_CREDENTIALS, why="answers 503: Service Unavailable.", about_credentials=False)


@pytest.mark.parametrize("on", [SINGLE, ANY_OF_THREE], ids=["a single read", "any of three periods"])
def test_what_is_deployed_is_healthy(on: dict[str, Any]) -> None:
    found = walk(deployed(on))
    assert verdicts(found) == {}
    assert "more than once" not in found.hop("alarm").sentence


def test_an_alarm_on_several_reads_says_that_one_is_not_enough() -> None:
    found = deployed(FIVE_READS)
    found.subject = replace(found.subject, declared={"threshold": 5})
    assert verdicts(walk(found))["alarm"] == ("warning", "threshold")
    assert "It is set so on purpose" in walk(found).hop("alarm").sentence
    # So many of several periods that more than one setting is in a single read's way.
    several_periods = deployed(FIVE_READS | {"EvaluationPeriods": 3, "DatapointsToAlarm": 3})
    several_periods.subject = replace(found.subject, declared={"threshold": 5, "evaluation_periods": 3})
    assert walk(several_periods).broken == []
    # Not told to, it is a fault, and the alarm is put with its own metrics.
    found.subject = replace(found.subject, declared={})
    broken = walk(found)
    assert verdicts(broken)["alarm"] == ("broken", "threshold")
    (mend,) = [each.mend for _, each in broken.broken if each.cause == "threshold"]
    assert "--metrics" in mend
    assert "FILL(reads, 0)" in mend
    assert "--threshold 1 " in f"{mend} "
    assert "--statistic" not in mend


def test_a_forged_value_does_not_hide_that_a_read_was_counted() -> None:
    at = LOGGED_AT.replace(second=0)
    forged = [Sample.statistic_set(at, count=2, sum=-1e6 + 1, minimum=-1e6, maximum=1.0, unit="Count")]
    assert verdicts(walk(deployed(SINGLE, samples=forged))) == {}
    other = [*READS, Sample(at, -1e6, unit="Seconds")]
    assert verdicts(walk(deployed(SINGLE, samples=other))) == {}


def test_a_filter_that_lost_its_unit_gets_it_back() -> None:
    lost = metric_filter()
    del lost["metricTransformations"][0]["defaultValue"]
    found = walk(deployed(SINGLE, filters=asked([lost]), emitting=asked([lost])))
    assert verdicts(found)["alarm"] == ("broken", "unit")
    (mend,) = [each.mend for _, each in found.broken if each.cause == "unit"]
    assert "put-metric-filter" in mend
    assert '"unit":"Count"' in mend
    assert "defaultValue" not in mend


def test_average_is_no_fault_where_nothing_but_reads_is_counted() -> None:
    assert verdicts(walk(deployed({"Statistic": "Average", "Unit": "Count"}))) == {}


def test_a_sum_of_zeros_and_ones_is_healthy_and_may_ring_twice() -> None:
    found = walk(facts())
    assert verdicts(found) == {}
    assert "one read may ring more than once" in found.hop("alarm").sentence


def test_an_alarm_that_tells_of_one_that_does_not_end_is_missed() -> None:
    found = walk(deployed(SINGLE, stuck=AlarmOn("payments-secret-read-stuck", [])))
    assert verdicts(found)["self-watch"] == ("broken", "stuck-alarm-deleted")


def test_the_order_of_the_hops() -> None:
    assert [hop.name for hop in walk(facts()).hops] == [
        "credentials",
        "trail",
        "event",
        "filter",
        "metric",
        "alarm",
        "topic",
        "realtime",
        "self-watch",
    ]


def trail_with(**changes: Any) -> dict[str, Any]:
    return {"trail": {**(facts().trail or {}), **changes}}


SECRETSMANAGER = "secretsmanager.amazonaws.com"
NOT_DELIVERED = replace(read(), delivered=None, logged=None)
LATER = {
    "eventSource": "cloudtrail.amazonaws.com",
    "eventName": "UpdateTrail",
    "eventTime": "2026-03-02T12:05:00Z",
}


@pytest.mark.parametrize(
    ("changes", "hop", "verdict", "cause"),
    [
        ({"identity": NO_CREDENTIALS}, "credentials", "cannot tell", "no-credentials"),
        ({"identity": UNAVAILABLE}, "credentials", "cannot tell", "no-answer"),
        ({"account_id": "999999999999"}, "credentials", "broken", "other-account"),
        ({"clock_is_off": 400.0}, "credentials", "broken", "clock"),
        ({"clock_is_off": -90.0}, "credentials", "warning", "clock"),
        # The trail
        (
            {"selectors": asked({"EventSelectors": [{"ExcludeManagementEventSources": [SECRETSMANAGER]}]})},
            "trail",
            "broken",
            "source-excluded",
        ),
        (
            {
                "selectors": asked(
                    {
                        "AdvancedEventSelectors": [
                            {
                                "FieldSelectors": [
                                    {"Field": "eventCategory", "Equals": ["Management"]},
                                    {"Field": "eventSource", "NotEquals": [SECRETSMANAGER]},
                                ]
                            }
                        ]
                    }
                )
            },
            "trail",
            "broken",
            "source-excluded",
        ),
        ({"trail": None, "trail_asked": absent()}, "trail", "broken", "trail-deleted"),
        (
            {"bucket_policy": absent(why="GetBucketPolicy answers NoSuchBucket: no.")},
            "trail",
            "broken",
            "bucket-deleted",
        ),
        (
            {"trail_status": asked({"IsLogging": True, "LatestDeliveryError": "AccessDenied"})},
            "trail",
            "warning",
            "bucket-delivery",
        ),
        (
            {
                "trail_status": asked(
                    {
                        "IsLogging": True,
                        "LatestDeliveryError": "AccessDenied",
                        "LatestDeliveryAttemptTime": f"{NOW - timedelta(minutes=4):%Y-%m-%dT%H:%M:%SZ}",
                    }
                )
            },
            "trail",
            "cannot tell",
            "bucket-delivery",
        ),
        (
            {"trail_status": asked({"IsLogging": True, "LatestNotificationError": "NotFound"})},
            "trail",
            "warning",
            "trail-notification",
        ),
        # The event
        ({"read": None, "reads": []}, "event", "warning", "no-read-in-sight"),
        ({"read": NOT_DELIVERED, "now": READ_AT + timedelta(minutes=5)}, "event", "cannot tell", "too-early"),
        ({"read": NOT_DELIVERED, "now": READ_AT + timedelta(minutes=20)}, "event", "broken", "not-delivered"),
        (
            {"read": NOT_DELIVERED, "now": READ_AT + timedelta(minutes=20), "changes": [LATER]},
            "event",
            "warning",
            "read-before-the-mend",
        ),
        (
            {
                "read": NOT_DELIVERED,
                "now": READ_AT + timedelta(minutes=20),
                "trail_status": asked({"IsLogging": True, "StartLoggingTime": LOGGED_AT}),
            },
            "event",
            "warning",
            "read-before-the-mend",
        ),
        ({"now": READ_AT + timedelta(days=20)}, "event", "warning", "read-long-ago"),
        # The filter
        ({"tested": {PATTERN: asked({"matches": []})}}, "filter", "broken", "pattern"),
        (
            {"filters": asked([metric_filter(metricValue="0")])},
            "filter",
            "broken",
            "value-zero",
        ),
        # The metric
        ({"samples": [], "history_of_alarm": asked([])}, "metric", "broken", "not-counted"),
        (
            {"samples": [], "history_of_alarm": asked([]), "now": LOGGED_AT + timedelta(minutes=1)},
            "metric",
            "cannot tell",
            "too-early",
        ),
        # The alarm
        ({"alarm": alarm(Unit="Count")}, "alarm", "broken", "unit"),
        (
            {
                "alarm": alarm(StateUpdatedTimestamp=READ_AT - timedelta(minutes=1)),
                "history_of_alarm": asked([]),
            },
            "alarm",
            "warning",
            "already-in-alarm",
        ),
        # It was in ALARM when the read came, and is OK again.
        (
            {
                "alarm": alarm(StateValue="OK"),
                "history_of_alarm": asked(
                    [rung(4)[1] | {"HistorySummary": "Alarm updated from ALARM to OK"}, rung(-5)[1]]
                ),
            },
            "alarm",
            "warning",
            "already-in-alarm",
        ),
        (
            {"alarm": alarm(StateValue="OK"), "history_of_alarm": asked([])},
            "alarm",
            "broken",
            "not-evaluated",
        ),
        (
            {
                "alarm": alarm(StateValue="OK"),
                "history_of_alarm": asked([]),
                "now": LOGGED_AT + timedelta(seconds=70),
            },
            "alarm",
            "cannot tell",
            "too-early",
        ),
        # Late by an hour: the alarm looks back three periods of five minutes.
        (
            {"read": replace(read(), delivered=LOGGED_AT + timedelta(hours=1))},
            "alarm",
            "broken",
            "period-too-short",
        ),
        # The topic
        (
            {
                "history_of_alarm": asked(
                    [rung()[1], rung()[0] | {"HistorySummary": "Failed to execute action"}]
                )
            },
            "topic",
            "broken",
            "publish-failed",
        ),
        (
            {"topics": [replace(topic(), failures=asked([{"Sum": 2.0}]))]},
            "topic",
            "warning",
            "delivery-failures",
        ),
        # The realtime path
        (
            {"dead_letters": asked({"Attributes": {"ApproximateNumberOfMessages": "2"}})},
            "realtime",
            "warning",
            "dead-letters",
        ),
        # The alarms on the watch
        ({"tamper": AlarmOn("tamper", [])}, "self-watch", "broken", "tamper-alarm-deleted"),
        ({"tamper": AlarmOn(None, [])}, "self-watch", "warning", "no-tamper-alarm"),
        ({"blind": AlarmOn(None, [])}, "self-watch", "warning", "no-blind-alarm"),
        (
            {"blind": AlarmOn("blind", [alarm(AlarmName="blind", ActionsEnabled=False)])},
            "self-watch",
            "broken",
            "blind-actions-disabled",
        ),
    ],
)
def test_a_verdict(changes: dict[str, Any], hop: str, verdict: str, cause: str) -> None:
    found = walk(facts(**changes))
    assert (found.hop(hop).verdict, found.hop(hop).cause) == (verdict, cause)
    others = {name: what for name, what in verdicts(found).items() if name != hop}
    assert [what for what in others.values() if what[0] not in ("not reached",)] == []


def test_a_missing_permission_is_named_and_the_walk_goes_on() -> None:
    found = walk(facts(trail_status=denied("cloudtrail:GetTrailStatus", TRAIL)))
    assert verdicts(found) == {"trail": ("cannot tell", "permission")}
    assert f"cloudtrail:GetTrailStatus on {TRAIL}" in found.hop("trail").sentence
    assert found.exit_code == 3
    assert found.hop("topic").verdict == "healthy"


@pytest.mark.parametrize(
    "changes",
    [
        {"selectors": denied("cloudtrail:GetEventSelectors", TRAIL)},
        {"bucket_policy": denied("s3:GetBucketPolicy", "arn:aws:s3:::payments-logs")},
        {"filters": denied("logs:DescribeMetricFilters")},
        {"tested": {PATTERN: denied("logs:TestMetricFilter")}},
        {"samples_asked": denied("cloudwatch:GetMetricStatistics")},
        {"alarm": None, "alarm_asked": denied("cloudwatch:DescribeAlarms")},
        {"history_of_alarm": denied("cloudwatch:DescribeAlarmHistory")},
        {"topics": [replace(topic(), attributes=denied("sns:GetTopicAttributes", TOPIC))]},
        {"topics": [replace(topic(), subscriptions=denied("sns:ListSubscriptionsByTopic", TOPIC))]},
        {"rules_asked": denied("events:ListRules")},
        {"dead_letters": denied("sqs:GetQueueAttributes")},
        {"tamper": AlarmOn(None, [], denied("cloudwatch:DescribeAlarmsForMetric"))},
        {"history": [denied("cloudtrail:LookupEvents")], "read": None, "reads": []},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_may_not_be_asked_is_no_fault(changes: dict[str, Any]) -> None:
    found = walk(facts(**changes))
    assert found.broken == []
    assert found.exit_code == 3


def test_an_endpoint_that_does_not_answer_is_no_fault_of_the_watch() -> None:
    silent = replace(
        absent("sts:GetCallerIdentity"), problem="silent", why="Connect timeout on endpoint URL."
    )
    found = walk(facts(identity=silent))
    assert (found.result, found.exit_code) == ("cannot tell", 3)
    assert "AWS does not answer: Connect timeout" in found.hop("credentials").sentence
    assert {hop.verdict for hop in found.hops[1:]} == {"not reached"}


def test_a_broker_without_credentials_reaches_nothing() -> None:
    found = walk(facts(identity=NO_CREDENTIALS))
    assert {hop.verdict for hop in found.hops[1:]} == {"not reached"}
    assert found.exit_code == 3


def test_what_is_configured_is_examined_also_where_the_read_does_not_come() -> None:
    found = walk(
        facts(
            read=NOT_DELIVERED,
            trail_status=asked({"IsLogging": False}),
            alarm=alarm(Statistic="Average"),
            topics=[replace(topic(), subscriptions=asked([]))],
        )
    )
    assert [(name, each.cause) for name, each in found.broken] == [
        ("trail", "trail-stopped"),
        ("alarm", "statistic"),
        ("topic", "no-subscription"),
    ]
    assert found.hop("event").verdict == found.hop("metric").verdict == "not reached"


def test_where_this_program_and_aws_disagree_aws_is_right_and_it_is_said() -> None:
    wrong = '{ $.eventName = "ReadSecretValue" }'
    found = walk(
        facts(filters=asked([metric_filter(pattern=wrong)]), tested={wrong: asked({"matches": [{}]})})
    )
    assert verdicts(found) == {"filter": ("warning", "engines-disagree")}


def test_one_of_several_filters_is_enough() -> None:
    others = [metric_filter("payments-1", '{ $.eventName = "X" }'), metric_filter("payments-2")]
    several = replace(facts().subject, filter_names=("payments-1", "payments-2"))
    assert verdicts(walk(facts(subject=several, filters=asked(others)))) == {}
    without = facts(subject=several, filters=asked(others[:1]), tested={})
    assert [each.cause for _, each in walk(without).broken] == ["filter-deleted", "pattern"]


def test_an_exception_that_nobody_applied_is_a_fault() -> None:
    narrowed = PATTERN.replace(" }", ' && $.userIdentity.arn != "arn:aws:iam::111122223333:root" }')
    found = walk(facts(filters=asked([metric_filter(pattern=narrowed)]), tested={}))
    ((name, finding),) = found.broken
    assert (name, finding.cause) == ("filter", "pattern")
    assert '$.userIdentity.arn != "arn:aws:iam::111122223333:root"' in finding.sentence
    assert PATTERN in finding.mend


def test_a_reader_on_the_allow_list_is_no_fault() -> None:
    allowing = PATTERN.replace(" }", ' && $.userIdentity.arn != "arn:aws:iam::111122223333:root" }')
    found = walk(
        facts(
            subject=replace(facts().subject, filter_patterns=(allowing,)),
            filters=asked([metric_filter(pattern=allowing)]),
            tested={},
            samples=[],
            history_of_alarm=asked([]),
        )
    )
    assert found.hop("filter").cause == "left-out"
    assert found.broken == []


@pytest.mark.parametrize(
    ("pattern", "cause"),
    [(PATTERN, "pattern"), ('{ $.requestParameters.secretId = "*payments/database*" }', None)],
)
def test_without_a_read_every_way_to_name_the_secret_is_tried(pattern: str, cause: str | None) -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{SECRET}-AbCdEf"
    subject = replace(facts().subject, secrets=(arn,))
    found = walk(
        facts(
            subject=subject, read=None, reads=[], filters=asked([metric_filter(pattern=pattern)]), tested={}
        )
    )
    assert found.hop("filter").cause == cause


def test_what_hangs_on_an_alarm_of_the_account() -> None:
    subject = Subject(region=REGION, alarm_name="payments-secret-read")
    assert walk(facts(subject=subject)).result == "healthy"
    found = walk(facts(subject=subject, group=None, filters=None, emitting=asked([]), read=None, reads=[]))
    assert found.hop("filter").cause == "filter-deleted"


def test_as_json() -> None:
    found = walk(facts(alarm=alarm(AlarmActions=[]))).as_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["result"] == "broken"
    assert [(each["hop"], each["cause"]) for each in found["broken"]] == [("alarm", "no-action")]
    assert found["read"]["event_id"] == "event-1"
    assert found["read"]["secret"] == SECRET
    assert set(found["hops"][0]) == {"name", "verdict", "cause", "sentence", "mend", "findings", "evidence"}


def test_a_replay_uses_what_was_counted() -> None:
    """Two reads wanted, one counted by the metric: the evaluation says so, not a rule of thumb."""
    zeros = [Sample(LOGGED_AT.replace(second=0) - timedelta(minutes=n), 0.0) for n in range(1, 60)]
    found: Facts = facts(
        alarm=alarm(StateValue="OK"),
        history_of_alarm=asked([]),
        samples=[Sample(LOGGED_AT.replace(second=0), 1.0), *zeros],
        now=NOW + timedelta(minutes=10),
    )
    assert walk(found).hop("alarm").cause == "not-evaluated"


DENIED_ONLY = '{ $.eventName = "GetSecretValue" && $.errorCode = "AccessDenied*" }'


def test_a_watch_on_denied_reads_leaves_others_out() -> None:
    subject = replace(facts().subject, filter_patterns=(DENIED_ONLY,), kinds=(("GetSecretValue", True),))
    changes: dict[str, Any] = {
        "subject": subject,
        "filters": asked([metric_filter(pattern=DENIED_ONLY)]),
        "tested": {DENIED_ONLY: asked({"matches": []})},
        "samples": [],
        "history_of_alarm": asked([]),
    }
    rule = facts().rules[0]
    denied_only = {"detail": {"eventName": ["GetSecretValue"], "errorCode": [{"prefix": "AccessDenied"}]}}
    described = asked(rule.rule.answer | {"EventPattern": json.dumps(denied_only)})
    found = walk(facts(**changes, rules=[replace(rule, rule=described)]))
    assert found.broken == []
    assert [(hop.name, hop.cause) for hop in found.hops if hop.verdict == "warning"] == [
        ("filter", "left-out"),
        ("realtime", "left-out"),
    ]


def test_of_several_rules_one_matches() -> None:
    rule = facts().rules[0]
    refused = {"detail": {"eventName": ["GetSecretValue"], "errorCode": ["AccessDenied"]}}
    described = asked(rule.rule.answer | {"EventPattern": json.dumps(refused)})
    both = replace(facts().subject, realtime=Realtime(("refused", "allowed", "payments")))
    others = [replace(rule, name="refused", rule=described), rule]
    assert walk(facts(subject=both, rules=others)).result == "healthy"
    allowed = {"detail": {"eventName": ["ReadSecretValue"]}}
    none = [
        replace(
            rule,
            name=name,
            rule=asked(rule.rule.answer | {"EventPattern": json.dumps(pattern)}),
        )
        for name, pattern in (("refused", refused), ("allowed", allowed))
    ]
    (finding,) = [each for _, each in walk(facts(subject=both, rules=none)).broken]
    assert finding.sentence.startswith("The pattern of the rule allowed does not match the read")


@pytest.mark.parametrize(
    ("declared", "verdict"), [({}, "broken"), ({"threshold": 5.0}, "warning"), ({"threshold": 1.0}, "broken")]
)
def test_what_the_watch_was_told_to_is_no_fault(declared: dict[str, Any], verdict: str) -> None:
    subject = replace(facts().subject, declared=declared)
    found = walk(facts(subject=subject, alarm=alarm(Threshold=5.0)))
    assert (found.hop("alarm").verdict, found.hop("alarm").cause) == (verdict, "threshold")


def test_random_watches_are_healthy() -> None:
    """As the module makes them: names, ARNs and prefixes, dealt out to filters; read in any form."""
    for seed in range(50):
        random = Random(seed)
        secrets = [_secret(random) for _ in range(random.randint(1, 12))]
        packs = [secrets[start : start + 2] for start in range(0, len(secrets), 2)]
        filters = [metric_filter(f"f-{n}", pattern_for(pack)) for n, pack in enumerate(packs)]
        subject = Subject.of_watch(
            Watch.from_outputs(
                {
                    "watch": {
                        "name": "payments",
                        "region": REGION,
                        "account_id": ACCOUNT,
                        "log_group_name": facts().group,
                        "metric_namespace": METRIC[0],
                        "metric_name": METRIC[1],
                        "alarm_name": "payments-secret-read",
                        "trail_arn": TRAIL,
                        "secrets": secrets,
                        "metric_filter_names": [each["filterName"] for each in filters],
                        "filter_patterns": [each["filterPattern"] for each in filters],
                        "topic_arns": [TOPIC],
                    }
                }
            )
        )
        assert set(subject.event_names) == {"GetSecretValue", "BatchGetSecretValue"}
        form = random.choice(secretid.forms(random.choice(secrets)))
        seen = read(requestParameters={"secretId": form})
        assert is_read(seen.event, subject.secrets)
        settings = {
            "Period": random.choice([60, 120, 300, 600, 3600]),
            "TreatMissingData": random.choice(["notBreaching", "missing"]),
        }
        if random.random() < 0.3:
            settings |= {"EvaluationPeriods": random.randint(2, 5), "DatapointsToAlarm": 1}
        seen_or_not: dict[str, Any] = {}
        if random.random() < 0.3:
            example = expected(secretid.forms(subject.secrets[0])[0], ACCOUNT, REGION, NOW)
            seen_or_not = {"read": None, "reads": [], "example": example}
        found = walk(
            facts(
                **({"read": seen} | seen_or_not),
                subject=subject,
                filters=asked(filters),
                tested={},
                alarm=alarm(**settings),
            )
        )
        assert found.broken == [], (seed, form, secrets)
        assert {hop.cause for hop in found.hops} <= {None, "no-read-in-sight"}, seed


def _secret(random: Random) -> str:
    name = "".join(random.choices("abcDEF019/_+=.@!-", k=random.randint(1, 24)))
    kind = random.choice(["name", "arn", "partial", "prefix"])
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}"
    return {"name": name, "arn": f"{arn}-AbC1e9", "partial": arn, "prefix": f"{name}/*"}[kind]


def test_a_secret_that_was_deleted_and_made_anew_is_told() -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{SECRET}"
    subject = replace(facts().subject, secrets=(f"{arn}-AbCdEf",))
    seen = read(requestParameters={"secretId": f"{arn}-Zz9yYy"})
    assert is_read(seen.event, subject.secrets, account=ACCOUNT)
    found = walk(
        facts(
            subject=subject,
            read=seen,
            reads=[seen],
            example=seen.event,
            filters=asked([metric_filter()]),
            tested={},
        )
    )
    hop = found.hop("filter")
    assert hop.cause == "pattern"
    assert f"the caller sent {arn}-Zz9yYy: was the secret deleted and created again?" in hop.sentence


@pytest.mark.parametrize("suffix", ["Qx7pLm", "ytrmjt", "VICLCP"])
def test_a_made_secrets_arn_is_whole_whatever_its_suffix_looks_like(suffix: str) -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{SECRET}-{suffix}"
    subject = replace(facts().subject, secrets=(SECRET, arn), made=arn)
    filters = asked([metric_filter(pattern=pattern_for([SECRET]))])
    example = expected(SECRET, ACCOUNT, REGION, NOW)
    found = walk(facts(subject=subject, read=None, reads=[], example=example, filters=filters, tested={}))
    assert found.broken == []


@pytest.mark.parametrize(
    ("secrets", "secret_id", "is_one"),
    [
        (["prod/*"], "prod/db", True),
        (["prod/*"], "production/db", False),
        (["*"], "whatever", True),
        ([f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app-secret"], "app-secret", True),
        (["db"], f"arn:aws:secretsmanager:{REGION}:444455556666:secret:db-AbCdEf", False),
    ],
)
def test_which_reads_are_followed(secrets: list[str], secret_id: str, is_one: bool) -> None:
    event = read(requestParameters={"secretId": secret_id}).event
    assert is_read(event, secrets, account=ACCOUNT) is is_one


def test_the_mend_covers_both_names_of_an_arn_that_may_be_without_its_suffix() -> None:
    arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app-secret"
    pattern = FilterPattern.parse(pattern_for([arn]))
    for form in secretid.forms(arn):
        assert pattern.matches_event(expected(form, ACCOUNT, REGION, NOW)), form
    assert pattern.matches_event(expected(f"{arn}-AbCdEf", ACCOUNT, REGION, NOW))
    assert not pattern.matches_event(expected("app-secrets", ACCOUNT, REGION, NOW))
