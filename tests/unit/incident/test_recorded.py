"""On recorded attacks: the report names the credentials and every action that reading by hand finds.

The recordings lie beside the clone, where they are: https://github.com/DataDog/stratus-red-team
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import Runner

from secretwatch.cli import main

FILE = Path(__file__).parents[4] / "shared/data/cloudtrail/stratus.jsonl"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the recordings are not here")


def events() -> list[dict[str, Any]]:
    return [json.loads(line) for line in FILE.read_text().splitlines()]


def by_hand(found: list[dict[str, Any]], event_id: str) -> tuple[set[str], set[str]]:
    """The keys and the events' ids that one finds with jq: the key of the read, then who took a role with it
    or for it, until nothing new comes.

    jq 'select(.userIdentity.accessKeyId == $key or .responseElements.credentials.accessKeyId == $key)'
    """
    (first,) = {e["userIdentity"]["accessKeyId"] for e in found if e["eventID"] == event_id}
    keys = {first}
    while True:
        mine = [
            e
            for e in found
            if e["userIdentity"].get("accessKeyId") in keys
            or ((e.get("responseElements") or {}).get("credentials") or {}).get("accessKeyId") in keys
        ]
        more = {e["userIdentity"]["accessKeyId"] for e in mine}
        more |= {
            key
            for e in mine
            if (key := ((e.get("responseElements") or {}).get("credentials") or {}).get("accessKeyId"))
        }
        if more <= keys:
            return keys, {e["eventID"] for e in mine}
        keys |= more


def incident(event_id: str, *arguments: str) -> dict[str, Any]:
    done = Runner().invoke(
        main, ["incident", "--files", str(FILE), "--event-id", event_id, "--json", "-", *arguments]
    )
    assert done.exit_code == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.later
def test_each_read_of_a_secret() -> None:
    found = events()
    reads = [
        e["eventID"]
        for e in found
        if e["eventSource"] == "secretsmanager.amazonaws.com"
        and e["eventName"] in ("GetSecretValue", "BatchGetSecretValue")
    ]
    assert len(reads) == 25
    for event_id in reads:
        keys, ids = by_hand(found, event_id)
        report = incident(event_id)
        assert report["rang"] == [event_id]
        assert {key for each in report["credentials"] for key in each["access_keys"]} == keys
        assert {each["eventID"] for each in report["events"]} == ids
        # Each call by its name, and each secret that was named.
        assert {(each["eventSource"], each["eventName"]) for each in report["events"]} == {
            (e["eventSource"], e["eventName"]) for e in found if e["eventID"] in ids
        }
        named = {
            e["requestParameters"]["secretId"]
            for e in found
            if e["eventID"] in ids and e["eventName"] == "GetSecretValue"
        }
        assert {each for one in report["secrets"] for each in one["ids"]} == named


def test_each_event_that_has_a_key_also_in_chains_of_roles() -> None:
    """Not reads alone: the recordings have role chains of other attacks."""
    found = events()
    wanted = {e["eventID"] for e in found if e["userIdentity"].get("accessKeyId", "").startswith("ASIA")}
    deep = 0
    for event_id in sorted(wanted)[::7]:
        keys, ids = by_hand(found, event_id)
        report = incident(event_id)
        assert keys <= {key for each in report["credentials"] for key in each["access_keys"]}
        assert ids <= {each["eventID"] for each in report["events"]}
        deep += len(keys) > 1
    assert deep > 2


def test_what_a_batch_by_filter_got_could_be_any() -> None:
    (event_id,) = [e["eventID"] for e in events() if e["eventName"] == "BatchGetSecretValue"][:1]
    report = incident(event_id)
    assert [each["name"] for each in report["secrets"]] == [None]
    assert any("could be any" in each for each in report["unknown"])
    assert not any("rotate-secret" in (each["command"] or "") for each in report["steps"])


def test_who_reads_twenty_secrets_in_a_row_is_not_usual_at_the_twentieth() -> None:
    last = max((e for e in events() if e["eventName"] == "GetSecretValue"), key=lambda e: str(e["eventTime"]))
    (usual,) = incident(last["eventID"])["usual"]
    assert usual["reads"] == 0
    assert usual["verdict"] == "unknown"
