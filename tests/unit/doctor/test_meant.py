"""What a plan would make of a state is what was meant."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from secretwatch.pipeline.doctor.meant import changed, filled, is_edited, meant


def state(**attributes: Any) -> dict[str, Any]:
    """One with an alarm in a module, by its key, and an output."""
    instances = [{"index_key": "a", "attributes": {"alarm_name": "a", "arn": "arn:a", **attributes}}]
    alarm = {
        "mode": "managed",
        "module": "module.watch",
        "name": "this",
        "type": "aws_cloudwatch_metric_alarm",
    }
    return {"resources": [{**alarm, "instances": instances}], "outputs": {"watch": {"value": {"name": "a"}}}}


def change(*actions: str, index: str = "a", after: Any = None, unknown: Any = None, **more: Any) -> Any:
    address = f'module.watch.aws_cloudwatch_metric_alarm.this["{index}"]'
    return {
        "address": address,
        "index": index,
        "mode": "managed",
        "module_address": "module.watch",
        "name": "this",
        "type": "aws_cloudwatch_metric_alarm",
        "change": {"actions": list(actions), "after": after, "after_unknown": unknown or {}},
        **more,
    }


def plan(*changes: Any, **outputs: Any) -> dict[str, Any]:
    return {"resource_changes": list(changes), "output_changes": outputs}


def instances(of: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = of["resources"][0]["instances"]
    return found


def test_without_changes_the_state_is_meant() -> None:
    assert meant(state(), None) == state()
    assert meant(state(), plan(change("no-op", after={"alarm_name": "x"}))) == state()
    assert changed(None) == {}


def test_what_a_refresh_has_found_is_not_meant() -> None:
    refreshed = state(actions_enabled=False)
    update = change("update", after={"alarm_name": "a", "actions_enabled": True, "arn": "arn:a"})
    assert meant(refreshed, plan(update)) == state(actions_enabled=True)
    assert changed(plan(update)) == {update["address"]: ["update"]}
    # The state that was read is as it was.
    assert refreshed == state(actions_enabled=False)


def test_what_is_known_only_after_apply_is_as_it_is() -> None:
    replaced = change("delete", "create", after={"alarm_name": "b"}, unknown={"arn": True})
    (there,) = instances(meant(state(), plan(replaced)))
    assert there["attributes"] == {"alarm_name": "b", "arn": "arn:a"}


def test_what_is_not_there_yet_is_meant_and_what_goes_is_not() -> None:
    new = change("create", index="b", after={"alarm_name": "b"}, unknown={"arn": True})
    found = instances(meant(state(), plan(change("delete"), new)))
    assert found == [{"index_key": "b", "attributes": {"alarm_name": "b", "arn": None}}]


def test_a_kind_of_which_nothing_was_there() -> None:
    new = change("create", after={"name": "t"})
    new |= {"type": "aws_sns_topic", "module_address": None, "index": None}
    made = meant(state(), plan(new))["resources"][-1]
    assert made == {
        "instances": [{"attributes": {"name": "t"}}],
        "mode": "managed",
        "name": "this",
        "type": "aws_sns_topic",
    }


def test_data_sources_and_deposed_objects_are_left_out() -> None:
    read = change("read", after={}, mode="data")
    deposed = change("delete", deposed="0badc0de")
    assert meant(state(), plan(read, deposed)) == state()


def test_outputs_are_those_of_the_plan() -> None:
    after = {"actions": ["update"], "after": {"name": "b"}, "after_unknown": {"arn": True}}
    gone = {"actions": ["delete"], "after": None, "after_unknown": False}
    there = state()
    there["outputs"]["watch"]["value"]["arn"] = "arn:a"
    assert meant(there, plan(watch=after))["outputs"]["watch"]["value"] == {"name": "b", "arn": "arn:a"}
    assert meant(there, plan(watch=gone))["outputs"] == {}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_all_of_a_known_value_is_the_plans_and_all_of_an_unknown_one_is_as_before(
    after: Any, before: Any
) -> None:
    assert filled(after, False, before) == after
    assert filled(after, {}, before) == after
    assert filled(after, True, before) == before


def test_what_an_instance_was_applied_from_says_whether_it_was_edited() -> None:
    mark = {**change("update"), "address": "module.secretwatch.terraform_data.applied"}
    assert is_edited(plan(mark), "module.secretwatch")
    assert not is_edited(plan(change("update")), "module.secretwatch")
    # Another instance of the same root module.
    assert not is_edited(plan(mark), "module.other")
    assert is_edited(plan({**mark, "address": "terraform_data.applied"}), "")
