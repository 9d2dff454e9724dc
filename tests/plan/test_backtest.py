"""What a plan of the module says is what `secretwatch backtest` tests: nothing of it is lost on the way."""

from __future__ import annotations

from secretwatch.backtest.matcher import Matcher
from secretwatch.pipeline.backtest.planned import subject_of

from .conftest import Plan


def test_every_filter_alarm_and_rule_that_is_known_is_tested(instances: Plan) -> None:
    subject = subject_of({"planned_values": instances.raw["planned_values"]}, "plan")
    wanted: dict[str, set[str]] = {"filter": set(), "alarm": set(), "rule": set()}
    for address, values in instances.resources.items():
        if values["type"] == "aws_cloudwatch_log_metric_filter" and values.get("pattern"):
            wanted["filter"].add(f"{values['name']} {values['pattern']}")
        if values["type"] == "aws_cloudwatch_metric_alarm" and (values.get("namespace") or "").startswith(
            "secretwatch/"
        ):
            wanted["alarm"].add(values["alarm_name"])
        is_details = ".module.details[" in address or ".module.heartbeat[" in address
        if values["type"] == "aws_cloudwatch_event_rule" and values.get("event_pattern") and not is_details:
            wanted["rule"].add(values["name"])
    found = {
        "filter": {f"{each.name} {each.pattern}" for watch in subject.watches for each in watch.filters},
        "alarm": {each.name for watch in subject.watches for each in watch.alarms},
        "rule": {each.name for watch in subject.watches for each in watch.rules},
    }
    assert all(wanted.values())
    assert found["rule"] == wanted["rule"]
    assert wanted["alarm"] <= found["alarm"]
    # What only an alarm on something else looks at is left out.
    assert found["filter"] <= wanted["filter"]
    fed = {each.metric for watch in subject.watches for each in watch.alarms}
    for watch in subject.watches:
        assert all(each.config is not None for each in watch.alarms)
        assert {each.key for each in watch.filters} <= fed
    assert Matcher((subject,)).sinks


def test_every_alarm_is_tested_or_named(instances: Plan) -> None:
    subject = subject_of({"planned_values": instances.raw["planned_values"]}, "plan")
    tested = {each.name: each for watch in subject.watches for each in watch.alarms}
    assert tested["one-blind"].log_group
    named = [sentence.partition(" counts ")[0] for sentence in subject.elsewhere]
    alarms = [
        each["alarm_name"]
        for each in instances.resources.values()
        if each["type"] == "aws_cloudwatch_metric_alarm"
    ]
    assert sorted([*tested, *named]) == sorted(alarms)
    assert {"one-undelivered"} <= set(named)


def test_watches_are_told_apart_by_instance_and_key(instances: Plan) -> None:
    subject = subject_of({"planned_values": instances.raw["planned_values"]}, "plan")
    kinds = {each.label: each.kind for each in subject.watches}
    assert kinds["one/secret-read"] == "watch"
    assert kinds["one/the watch itself"] == "self-watch"
    (reads,) = (each for each in subject.watches if each.label == "one/secret-read")
    assert [each.name for each in reads.alarms] == ["one-secret-read", "one-secret-read-stuck"]
    assert all(each.topics for each in reads.alarms)


def test_what_the_trail_leaves_out_is_known(quickstart: Plan, instances: Plan) -> None:
    assert subject_of({"planned_values": quickstart.raw["planned_values"]}, "x").excluded_sources == ()
    found = subject_of({"planned_values": instances.raw["planned_values"]}, "x")
    assert found.excluded_sources == ("rdsdata.amazonaws.com",)


def test_nothing_of_the_module_is_left_untested_but_what_an_apply_decides(
    quickstart: Plan, instances: Plan
) -> None:
    for each in (quickstart, instances):
        for sentence in subject_of({"planned_values": each.raw["planned_values"]}, "x").unknown:
            assert sentence.startswith("The pattern of"), sentence
            assert sentence.endswith("is known only after an apply."), sentence
