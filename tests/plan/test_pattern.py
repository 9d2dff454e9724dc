"""What the planned filter pattern means: events that must count as a read, and events that must not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secretwatch.filterpattern import FilterPattern
from secretwatch.filterpattern.examples import trials
from secretwatch.filterpattern.pattern import JsonPattern

from .conftest import ACCOUNT, ARN, Plan


def event(name: str, parameters: Any, **fields: Any) -> dict[str, Any]:
    """A management event of Secrets Manager, with what the pattern could look at."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": "ada"},
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": name,
        "eventType": "AwsApiCall",
        "awsRegion": "us-east-1",
        "requestParameters": parameters,
        "responseElements": None,
        "readOnly": True,
        "eventCategory": "Management",
    } | fields


def read(secret_id: str, **fields: Any) -> dict[str, Any]:
    return event("GetSecretValue", {"secretId": secret_id, "versionStage": "AWSCURRENT"}, **fields)


def batch(*secret_ids: str) -> dict[str, Any]:
    return event("BatchGetSecretValue", {"secretIdList": list(secret_ids)})


DENIED = {"errorCode": "AccessDenied", "errorMessage": "User is not authorized"}

# Secrets of the instances: one watches team/db.main+a; two watches api-key, db (given as an ARN of another
# region) and rds!cluster-1.
READS = {
    "by name": ("one", read("team/db.main+a")),
    "by whole ARN": ("one", read(f"{ARN}:team/db.main+a-Ab3dE9")),
    "by ARN without its last characters": ("one", read(f"{ARN}:team/db.main+a")),
    "in another region": (
        "one",
        read(f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:team/db.main+a-Ab3dE9"),
    ),
    "denied, with its parameters": ("one", read("team/db.main+a", **DENIED)),
    "denied, without parameters": ("one", event("GetSecretValue", None, **DENIED)),
    "without a secretId": ("one", event("GetSecretValue", {})),
    "without any parameters": (
        "one",
        {key: value for key, value in event("GetSecretValue", 0).items() if key != "requestParameters"},
    ),
    "batch of one name": ("one", batch("team/db.main+a")),
    "batch, last of three": ("one", batch("other", "team/db", f"{ARN}:team/db.main+a-Ab3dE9")),
    "batch, first of two": ("one", batch(f"{ARN}:team/db.main+a", "other")),
    "batch by filters": (
        "one",
        event("BatchGetSecretValue", {"filters": [{"key": "tag-key", "values": ["team"]}]}),
    ),
    "batch of an empty list": ("one", batch()),
    "batch, denied, without parameters": ("one", event("BatchGetSecretValue", None, **DENIED)),
    "created beside existing ones": ("two", read("api-key")),
    "given as ARN, by name": ("two", read("db")),
    "given as ARN, by that ARN": (
        "two",
        read(f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db-AbCdEf"),
    ),
    "given as ARN, by its replica's": ("two", read(f"{ARN}:db-AbCdEf")),
    "given as ARN, by ARN without its last characters": ("two", read(f"{ARN}:db")),
    "given as ARN, which may be without its suffix, by name": ("two", read("db-AbCdEf")),
    "given as ARN, which may be without its suffix, by ARN": ("two", read(f"{ARN}:db-AbCdEf-Zz9Zz9")),
    "managed by a service, by name": ("two", read("rds!cluster-1")),
    "managed by a service, by ARN": ("two", read(f"{ARN}:rds!cluster-1-AbCdEf")),
}

OTHERS = {
    "sibling, by name": ("two", read("db-replica")),
    "sibling, by ARN": ("two", read(f"{ARN}:db-replica-AbCdEf")),
    "sibling with one more letter": ("two", read("db2")),
    "sibling with one more letter, by ARN": ("two", read(f"{ARN}:db2-AbCdEf")),
    "sibling whose name ends the same": ("two", read("mydb")),
    "sibling whose name ends the same, by ARN": ("two", read(f"{ARN}:my/db-AbCdEf")),
    "sibling in a folder": ("two", read("db/main")),
    "suffix of five": ("two", read(f"{ARN}:db-AbCdE")),
    "suffix of seven": ("two", read(f"{ARN}:db-AbCdEfG")),
    "suffix with a hyphen": ("two", read(f"{ARN}:db-Ab-dEf")),
    "other case": ("two", read("DB")),
    "in another region, of another account": (
        "one",
        read("arn:aws:secretsmanager:eu-west-1:999999999999:secret:team/db.main+a-Ab3dE9"),
    ),
    "same name in another account": (
        "two",
        read("arn:aws:secretsmanager:us-east-1:999999999999:secret:db-AbCdEf"),
    ),
    "any letter for a dot": ("one", read("team/dbXmain+a")),
    "more of the letter before a plus": ("one", read("team/db.mainna")),
    "watched by the other instance": ("one", read("db")),
    "batch of others": ("two", batch("db-replica", f"{ARN}:mydb-AbCdEf")),
    "batch of one other": ("two", batch("other")),
    "description of it": ("two", event("DescribeSecret", {"secretId": "db"})),
    "list of all": ("two", event("ListSecrets", {"maxResults": 100})),
    "write of it": ("two", event("PutSecretValue", {"secretId": "db"}, readOnly=False)),
    "its policy": ("two", event("GetResourcePolicy", {"secretId": "db"})),
    "another service's event of that name": (
        "two",
        event("GetSecretValue", {"secretId": "db"}, eventSource="example.amazonaws.com"),
    ),
    "decryption with its key": (
        "two",
        event(
            "Decrypt",
            {"encryptionContext": {"SecretARN": f"{ARN}:db-AbCdEf"}},
            eventSource="kms.amazonaws.com",
        ),
    ),
}


def counts(instances: Plan, instance: str, message: dict[str, Any]) -> bool:
    text = json.dumps(message)
    return any(FilterPattern.parse(pattern).matches(text) for pattern in instances.patterns(instance))


@pytest.mark.parametrize(("instance", "message"), READS.values(), ids=READS.keys())
def test_a_read_counts(instances: Plan, instance: str, message: dict[str, Any]) -> None:
    assert counts(instances, instance, message)


@pytest.mark.parametrize(("instance", "message"), OTHERS.values(), ids=OTHERS.keys())
def test_anything_else_does_not(instances: Plan, instance: str, message: dict[str, Any]) -> None:
    assert not counts(instances, instance, message)


def shortened(pattern: JsonPattern) -> list[str]:
    """The pattern without one of its alternatives, each in turn."""
    stack: list[tuple[str, list[str]]] = []
    for step in pattern.expression:
        if isinstance(step, int):
            stack.append((pattern.conditions[step].written.strip(), []))
            continue
        (right, fewer_right), (left, fewer_left) = stack.pop(), stack.pop()
        sign = {"and": "&&", "or": "||"}[step]
        fewer = [f"({each} {sign} {right})" for each in fewer_left]
        fewer += [f"({left} {sign} {each})" for each in fewer_right]
        stack.append((f"({left} {sign} {right})", fewer + ([left, right] if step == "or" else [])))
    return [f"{{ {each} }}" for each in stack.pop()[1]]


def test_an_alternative_that_is_gone_is_told_apart(instances: Plan) -> None:
    """Where a read is not counted without it, trials of both patterns show that, as the doctor makes them."""
    tried = 0
    for instance in ("one", "two"):
        reads = [json.dumps(message) for where, message in READS.values() if where == instance]
        for text in instances.patterns(instance):
            whole = FilterPattern.parse(text)
            assert isinstance(whole, JsonPattern)
            for fewer in map(FilterPattern.parse, shortened(whole)):
                if any(whole.matches(each) and not fewer.matches(each) for each in reads):
                    events = trials([whole, fewer])
                    differ = (whole.matches_event(each) != fewer.matches_event(each) for each in events)
                    assert any(differ), fewer
                    tried += 1
    assert tried > 10


def test_regular_expressions_stand_only_where_a_suffix_is_not_known(instances: Plan) -> None:
    """A log group takes five filters with any, a pattern takes two, and three wildcards."""
    watches = json.loads(json.dumps(instances.outputs["wide"]))
    with_any = []
    for watch in watches:
        for text in instances.patterns("watches", watch):
            pattern = FilterPattern.parse(text)
            assert pattern.regexes in (0, 2)
            assert text.count("[*]") <= 3
            assert text.isascii()
            with_any += [watch] if pattern.regexes else []
    assert set(with_any) == {"names", "created"}
    assert len(with_any) <= 5


def test_hundreds_of_secrets_fit_one_log_group(instances: Plan) -> None:
    assert len(instances.patterns("many", "many")) <= 80
