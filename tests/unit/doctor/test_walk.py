"""From facts to findings: what each hop says of what AWS answered."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from answers import AlarmOn, Facts, walk
from healthy import (
    ACCOUNT,
    LOGGED_AT,
    METRIC,
    NOW,
    PATTERN,
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
    topic,
)
from walked import NO_CREDENTIALS, NOT_DELIVERED, verdicts

from secretwatch import secretid
from secretwatch.alarm import Sample
from secretwatch.filterpattern import FilterPattern
from secretwatch.pipeline.doctor.patterns import pattern_for
from secretwatch.pipeline.doctor.reads import expected, is_read
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.watch import Realtime, Watch


def test_what_is_healthy_is_healthy() -> None:
    found = walk(facts())
    assert verdicts(found) == {}
    assert (found.result, found.exit_code, found.broken) == ("healthy", 0, [])
    assert all(hop.sentence for hop in found.hops)


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
