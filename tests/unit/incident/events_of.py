"""CloudTrail events of made-up credentials, as AWS writes them; and a forest of them made by dice."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

ACCOUNT, REGION = "111122223333", "eu-west-1"
BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
READS = ("GetSecretValue", "BatchGetSecretValue")

Event = dict[str, Any]


def user(name: str, key: str) -> Event:
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    return {
        "type": "IAMUser",
        "principalId": f"AIDA{name}",
        "arn": arn,
        "accountId": ACCOUNT,
        "accessKeyId": key,
        "userName": name,
    }


def role(name: str, session: str, key: str, created: datetime) -> Event:
    issuer = {
        "type": "Role",
        "principalId": f"AROA{name}",
        "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "accountId": ACCOUNT,
        "userName": name,
    }
    attributes = {"creationDate": iso(created), "mfaAuthenticated": "false"}
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{name}:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
        "accountId": ACCOUNT,
        "accessKeyId": key,
        "sessionContext": {"sessionIssuer": issuer, "attributes": attributes},
    }


def event(
    identity: Event,
    name: str,
    at: datetime,
    *,
    event_id: str,
    source: str = "s3.amazonaws.com",
    request: Any = None,
    response: Any = None,
    **more: Any,
) -> Event:
    return {
        "eventVersion": "1.11",
        "eventID": event_id,
        "eventTime": iso(at),
        "eventSource": source,
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "192.0.2.1",
        "userAgent": "aws-cli/2",
        "userIdentity": identity,
        "requestParameters": request,
        "responseElements": response,
        "recipientAccountId": ACCOUNT,
        **more,
    }


def read(identity: Event, at: datetime, *, event_id: str, secret: str = "db", **more: Any) -> Event:
    return event(
        identity,
        "GetSecretValue",
        at,
        event_id=event_id,
        source="secretsmanager.amazonaws.com",
        request={"secretId": secret},
        **more,
    )


def assume(
    identity: Event, name: str, session: str, key: str, at: datetime, *, event_id: str, **more: Any
) -> Event:
    return event(
        identity,
        "AssumeRole",
        at,
        event_id=event_id,
        source="sts.amazonaws.com",
        request={"roleArn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "roleSessionName": session},
        response={"credentials": {"accessKeyId": key, "sessionToken": "a token", "expiration": "later"}},
        **more,
    )


def iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@dataclass
class Made:
    """identity: of its events. parent: whose key asked for it. own: ids of the events that it signed."""

    identity: Event
    tree: int
    parent: int | None
    asked: str = ""
    own: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return str(self.identity["accessKeyId"])


@dataclass
class Forest:
    """Trees of credentials that have nothing to do with each other. events: in any order, some twice."""

    made: list[Made]
    events: list[Event]

    def tree_of(self, number: int) -> set[str]:
        """Ids of all events of the tree that a credential is of."""
        tree = self.made[number].tree
        return {each for one in self.made if one.tree == tree for each in one.own}

    def keys_of(self, number: int) -> set[str]:
        return {each.key for each in self.made if each.tree == self.made[number].tree}


def forest(seed: int, *, twins: bool = False) -> Forest:
    """twins: strangers take the same roles, under the same session name and in the same second."""
    dice = random.Random(seed)
    made: list[Made] = []
    events: list[Event] = []
    for tree in range(dice.randint(1, 4)):
        for _ in range(dice.randint(1, 9)):
            mine = [number for number, each in enumerate(made) if each.tree == tree]
            number = len(made)
            at = BEGIN + timedelta(seconds=0 if twins else dice.randrange(20_000))
            if not mine:
                made.append(Made(user(f"user{tree}", f"AKIA{seed % 997:04}{number:04}"), tree, None))
                continue
            parent = dice.choice(mine)
            key = f"ASIA{seed % 997:04}{number:04}"
            name, session = ("shared", "same") if twins else (f"role{dice.randrange(3)}", f"s{number}")
            asked = f"assume-{number}"
            events.append(assume(made[parent].identity, name, session, key, at, event_id=asked))
            made[parent].own.append(asked)
            made.append(Made(role(name, session, key, at), tree, parent, asked))
    for number, each in enumerate(made):
        for count in range(dice.randint(1, 4)):
            event_id = f"act-{number}-{count}"
            at = BEGIN + timedelta(seconds=dice.randrange(40_000))
            if count == 0 or dice.random() < 0.3:
                events.append(read(each.identity, at, event_id=event_id, secret=f"secret{count}"))
            else:
                events.append(event(each.identity, "ListBuckets", at, event_id=event_id))
            each.own.append(event_id)
    events += dice.choices(events, k=dice.randint(0, 5))
    dice.shuffle(events)
    return Forest(made, events)
