"""The dashboard: a body that CloudWatch takes, and queries that show what the watches count."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from deep import deep
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.localstack.cloudwatch.metric_data import check_dashboard

from .conftest import MANY, Plan, arn
from .insights import Condition, condition, fields
from .test_watches import (
    ABOUT_NONE,
    ERRORS,
    EXCEPTED,
    NOT_EXCEPTED,
    WATCHES,
    calls,
    endpoint_event,
    expected,
    forms,
    of,
    siblings,
)

# Of hundreds of secrets a query is a little wider.
EXACT = [watch for watch in WATCHES if watch != "many"]


def dashboard(instances: Plan, module: str) -> dict[str, Any]:
    made = instances.of(module)["module.dashboard[0].aws_cloudwatch_dashboard.this"]
    check_dashboard(made["dashboard_name"], made["dashboard_body"])
    body: dict[str, Any] = json.loads(made["dashboard_body"])
    return body


def of_kind(body: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [widget["properties"] for widget in body["widgets"] if widget["type"] == kind]


@pytest.fixture(scope="module")
def queries(instances: Plan) -> dict[str, str]:
    return {
        properties["title"].rpartition(": ")[2]: properties["query"]
        for module in ("watches", "many")
        for properties in of_kind(dashboard(instances, module), "log")
        if properties["title"].startswith("Who, ")
    }


@pytest.fixture(scope="module")
def conditions(queries: dict[str, str]) -> dict[str, Condition]:
    return {watch: condition(query) for watch, query in queries.items()}


def test_there_is_none_unless_it_is_asked_for(instances: Plan, quickstart: Plan) -> None:
    made = [each["type"] for plan in (instances, quickstart) for each in plan.resources.values()]
    assert made.count("aws_cloudwatch_dashboard") == 2


def test_it_shows_each_watch_all_alarms_and_all_topics(instances: Plan) -> None:
    body = dashboard(instances, "watches")
    counted, arrived, messages = of_kind(body, "metric")
    made = instances.of("watches").values()
    assert {each[1] for each in counted["metrics"]} == {f"wide-{watch}" for watch in (*EXACT, "created")}
    assert {each[0] for each in counted["metrics"]} == {"secretwatch/wide"}
    assert arrived["metrics"][0][:4] == [
        "AWS/Logs",
        "IncomingLogEvents",
        "LogGroupName",
        "/aws/cloudtrail/wide",
    ]
    assert {each[3] for each in messages["metrics"]} == {"wide-page", "elsewhere", "wide-self-watch"}
    (alarms,) = of_kind(body, "alarm")
    named = {each.rpartition(":alarm:")[2] for each in alarms["alarms"]}
    assert named == {each["alarm_name"] for each in made if each["type"] == "aws_cloudwatch_metric_alarm"}
    assert len(alarms["alarms"]) <= 100


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 86_399),
)
def test_the_lag_is_what_lies_between_whatever_the_time_of_day(
    instances: Plan, happened: datetime, lag: int
) -> None:
    """The expression of the query, with Python's arithmetic for Insights'."""
    (query,) = (
        each["query"] for each in of_kind(dashboard(instances, "many"), "log") if "as lag" in each["query"]
    )
    happened = happened.replace(microsecond=0)
    (wildcards,) = re.findall(r'parse eventTime "([^"]+)" as day, hour, minute, second', query)
    found = re.fullmatch(wildcards.replace("*", "(.+)"), f"{happened:%Y-%m-%dT%H:%M:%SZ}")
    assert found
    values = dict(zip(("hour", "minute", "second"), map(int, found.groups()[1:]), strict=True))
    (expression,) = re.findall(r"fields (.+) as lag", query)
    ingested = (happened.timestamp() + lag) * 1000
    text = expression.replace("toMillis(@ingestionTime)", "ingested")
    assert eval(text, {"__builtins__": {}}, {**values, "ingested": ingested}) == lag


def test_no_widget_lies_on_another(instances: Plan) -> None:
    taken: set[tuple[int, int]] = set()
    for widget in dashboard(instances, "watches")["widgets"]:
        place = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not taken & place
        taken |= place
    assert max(x for x, _ in taken) < 24


def test_a_query_is_no_longer_than_insights_takes(queries: dict[str, str]) -> None:
    for watch, query in queries.items():
        assert len(query) <= 10_000, watch
        assert query.startswith("SOURCE '/aws/cloudtrail/")


def check(conditions: dict[str, Condition], watch: str, message: dict[str, Any]) -> None:
    assert conditions[watch](fields(message)) is expected(watch, message), (watch, message)


@pytest.mark.parametrize("watch", [watch for watch in EXACT if WATCHES[watch][0]])
def test_every_form_of_every_watched_secret_is_shown_and_no_siblings(
    conditions: dict[str, Condition], watch: str
) -> None:
    watched, _, events = WATCHES[watch]
    name = next(each for each in events if not each.startswith("Batch"))
    for secret, suffix in watched.items():
        for form in [
            *forms(secret, suffix or "Zz9Zz9"),
            *(f for s in siblings(secret) for f in forms(s, "Zz9Zz9")),
        ]:
            check(conditions, watch, of({"secretId": form}, name, error="AccessDenied"))
            if "BatchGetSecretValue" in events:
                batch = of({"secretIdList": ["other", form]}, "BatchGetSecretValue", error="AccessDenied")
                check(conditions, watch, batch)


identities = st.sampled_from([*EXCEPTED.values(), *NOT_EXCEPTED.values()])
others = st.tuples(st.sampled_from(ABOUT_NONE), st.none())


@deep(500)
@given(calls | others, identities, st.sampled_from(ERRORS))
def test_a_query_shows_what_the_watch_counts(
    conditions: dict[str, Condition], call: tuple[str, Any], identity: dict[str, Any], error: str | None
) -> None:
    name, parameters = call
    for watch in EXACT:
        check(conditions, watch, of(parameters, name, identity, error))


def test_a_call_through_an_endpoint_is_shown_once(conditions: dict[str, Condition]) -> None:
    for watch in EXACT:
        for error in (None, "VpceAccessDenied"):
            check(conditions, watch, endpoint_event(WATCHES[watch][2][0], error))


def test_of_hundreds_of_secrets_by_how_their_names_begin(conditions: dict[str, Condition]) -> None:
    shown = conditions["many"]
    assert all(shown(fields(of({"secretId": form}))) for form in forms(MANY[299], "Ab3dE9"))
    assert shown(fields(of({"secretId": "team-unwatched"})))
    assert not shown(fields(of({"secretId": arn("db")})))


def test_no_callers_text_passes_for_a_list_of_ids(conditions: dict[str, Condition]) -> None:
    agent = '"secretIdList":["db"]'
    message = of({"secretIdList": ["other"]}, "BatchGetSecretValue") | {"userAgent": agent}
    assert not conditions["success"](fields(message))
