"""What a log stream stores and hands on: subscriptions of the group and of the account, masked data."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from localstack.services.logs.models import get_moto_logs_backend
from moto.logs.models import SubscriptionFilter

from secretwatch.dataprotection import DataProtectionPolicy
from secretwatch.filterpattern import FilterPattern
from secretwatch.localstack.logs import events as log_events
from secretwatch.localstack.logs.settings import (
    INFREQUENT_ACCESS,
    AccountSubscription,
    KeptPolicy,
    account_settings,
    group_settings,
)

DESTINATION = "arn:aws:firehose:us-east-1:111122223333:deliverystream/sink"
_ACCOUNTS = itertools.count(800000000000)


class Stream:
    """A stream in a log group of an account of its own; `sent` has what its subscriptions got."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.backend = get_moto_logs_backend(str(next(_ACCOUNTS)), "us-east-1")
        self.group = self.backend.create_log_group("/group", {})
        self.group.create_log_stream("stream")
        self.stream = self.group.streams["stream"]
        self.sent: list[tuple[str, dict[str, str], list[str]]] = []
        self.broken: set[str] = set()

        def send(
            _stream: Any, name: str, _to: str, _role: str | None, level: dict[str, str], events: Sequence[Any]
        ) -> None:
            if name in self.broken:
                raise ConnectionError(name)
            self.sent.append((name, level, [event.message for event in events]))

        patch.setattr(log_events, "_send", send)

    def subscribe(self, name: str, pattern: str) -> None:
        self.group.subscription_filters[name] = SubscriptionFilter(
            name, "/group", pattern, DESTINATION, "role"
        )

    def subscribe_account(self, pattern: str, *without: str) -> None:
        subscription = AccountSubscription(
            DESTINATION, "role", FilterPattern.parse(pattern), "Random", frozenset(without)
        )
        kept = KeptPolicy("{}", 0, "account", subscription=subscription)
        account_settings(self.backend).policies["SUBSCRIPTION_FILTER_POLICY"] = {"account": kept}

    def protect(self, identifier: str) -> None:
        listed = [f"arn:aws:dataprotection::aws:data-identifier/{identifier}"]
        statements = [
            {"DataIdentifier": listed, "Operation": {"Audit": {"FindingsDestination": {}}}},
            {"DataIdentifier": listed, "Operation": {"Deidentify": {"MaskConfig": {}}}},
        ]
        document = json.dumps({"Name": "p", "Version": "2021-06-01", "Statement": statements})
        protection = DataProtectionPolicy.parse(document)
        group_settings(self.group).data_protection = KeptPolicy(document, 0, protection=protection)

    def put(self, *messages: str) -> None:
        now = int(time.time() * 1000)
        log_events.put_log_events(self.stream, [{"timestamp": now, "message": each} for each in messages])


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Stream:
    return Stream(monkeypatch)


def test_each_subscription_filter_sees_each_message(stream: Stream) -> None:
    stream.subscribe("errors", "ERROR")
    stream.subscribe("reads", "read")
    stream.subscribe("all", "")
    stream.put("ERROR", "read", "ERROR in read", "nothing")
    assert stream.sent == [
        ("errors", {}, ["ERROR", "ERROR in read"]),
        ("reads", {}, ["read", "ERROR in read"]),
        ("all", {}, ["ERROR", "read", "ERROR in read", "nothing"]),
    ]
    stream.sent.clear()
    stream.put("read")
    assert [name for name, _, _ in stream.sent] == ["reads", "all"]


def test_a_destination_that_fails_keeps_nothing_from_the_others(stream: Stream) -> None:
    stream.subscribe("first", "")
    stream.subscribe("second", "")
    stream.broken.add("first")
    stream.put("message")
    assert stream.sent == [("second", {}, ["message"])]
    assert [event.message for event in stream.stream.events] == ["message"]


def test_the_account_subscribes_to_all_groups_but_some(stream: Stream) -> None:
    stream.subscribe_account("ERROR", "/other")
    stream.put("ERROR", "fine")
    assert stream.sent == [("account", {"policyLevel": "ACCOUNT_LEVEL_POLICY"}, ["ERROR"])]
    stream.sent.clear()
    stream.subscribe_account("ERROR", "/group")
    stream.put("ERROR")
    stream.subscribe_account("ERROR")
    group_settings(stream.group).log_group_class = INFREQUENT_ACCESS
    stream.put("ERROR")
    assert stream.sent == []


def test_subscriptions_match_and_get_what_is_masked(stream: Stream) -> None:
    stream.subscribe("by name", '"ann@example.com"')
    stream.subscribe("all", "")
    stream.protect("EmailAddress")
    stream.put("by ann@example.com")
    assert stream.sent == [("all", {}, ["by ***************"])]


def test_a_stored_event_is_masked_for_all_but_who_asks_for_it_unmasked(stream: Stream) -> None:
    stream.put("by ann@example.com")
    stream.protect("EmailAddress")
    stream.put("by bob@example.com")
    events = stream.stream.events
    assert [event.message for event in events] == ["by ann@example.com", "by ***************"]
    with log_events.unmasked(True):
        assert events[1].message == "by bob@example.com"
        with log_events.unmasked(False):
            assert events[1].to_filter_dict()["message"] == "by ***************"
    assert events[1].to_response_dict()["message"] == "by ***************"
    # A policy that goes takes no mask away.
    group_settings(stream.group).data_protection = None
    assert events[1].message == "by ***************"
