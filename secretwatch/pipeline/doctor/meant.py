"""What was meant: a state as it would be if Terraform's plan for it were carried out. Pure.

Where a plan changes nothing the state is what was meant. Where it changes something, either the state holds
what somebody did by hand (a refresh has found it, also the one of an apply that failed), or the configuration
was edited and is not applied yet. An instance writes down at last what it was applied from: so the two can be
told apart, and an edit is no fault.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

State = dict[str, Any]

_MARK = "terraform_data.applied"
"""What an instance writes last, and no refresh changes: main.tf."""


def meant(state: Mapping[str, Any], plan: Mapping[str, Any] | None) -> State:
    """The state with what the plan would make of it. What is known only after apply is as it is now.

    state: as `terraform state pull` prints it; plan: as `terraform show -json` prints it, None for one that
    changes nothing. What Terraform does not write raises AttributeError, KeyError, TypeError or ValueError.
    """
    found = copy.deepcopy(dict(state))
    for change in changes(plan):
        _carry_out(found, change)
    for name, output in ((plan or {}).get("output_changes") or {}).items():
        here = found.setdefault("outputs", {})
        if "delete" in output["actions"]:
            here.pop(name, None)
            continue
        before = here[name]["value"] if name in here else None
        here[name] = {"value": filled(output.get("after"), output.get("after_unknown"), before)}
    return found


def changed(plan: Mapping[str, Any] | None) -> dict[str, list[str]]:
    """Addresses of what the plan would change, and how: `["update"]`, `["delete", "create"]`."""
    return {each["address"]: list(each["change"]["actions"]) for each in changes(plan)}


def is_edited(plan: Mapping[str, Any] | None, instance: str) -> bool:
    """Whether the configuration of the instance is another than was applied whole. instance: its address."""
    return ".".join(filter(None, (instance, _MARK))) in changed(plan)


def changes(plan: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """The plan's changes of resources, without what it only reads or leaves as it is."""
    for each in (plan or {}).get("resource_changes") or ():
        does = set(each["change"]["actions"]) & {"create", "update", "delete"}
        if does and each.get("mode") == "managed" and "deposed" not in each:
            yield each


def filled(after: Any, unknown: Any, before: Any) -> Any:
    """A value of a plan with what is unknown in it as it was before.

    unknown: true for a value that is not known yet, or an object or list with what is unknown of its parts.
    """
    if unknown is True:
        return before
    if isinstance(after, Mapping):
        return _object(after, unknown if isinstance(unknown, Mapping) else {}, before)
    if isinstance(after, list) and isinstance(unknown, list):
        return [
            filled(each, unknown[at] if at < len(unknown) else None, _at(before, at))
            for at, each in enumerate(after)
        ]
    return after


def _object(after: Mapping[str, Any], unknown: Mapping[str, Any], before: Any) -> dict[str, Any]:
    there = before if isinstance(before, Mapping) else {}
    names = {*after, *(name for name, each in unknown.items() if each is True)}
    return {name: filled(after.get(name), unknown.get(name), there.get(name)) for name in sorted(names)}


def _at(value: Any, at: int) -> Any:
    return value[at] if isinstance(value, list) and at < len(value) else None


def _carry_out(state: State, change: Mapping[str, Any]) -> None:
    resources = state.setdefault("resources", [])
    there = _resource(resources, change)
    key = change.get("index")
    instances = there["instances"]
    now = next((each for each in instances if each.get("index_key") == key and not each.get("deposed")), None)
    after = change["change"]
    if after["actions"] == ["delete"]:
        if now is not None:
            instances.remove(now)
        return
    before = (now or {}).get("attributes") or {}
    attributes = filled(after["after"], after.get("after_unknown"), before)
    if now is None:
        now = {} if key is None else {"index_key": key}
        instances.append(now)
    now["attributes"] = attributes


def _resource(resources: list[dict[str, Any]], change: Mapping[str, Any]) -> dict[str, Any]:
    """Its entry in the state; a new one where there is none."""
    wanted = {
        "mode": "managed",
        "module": change.get("module_address"),
        "name": change["name"],
        "type": change["type"],
    }
    for each in resources:
        if all(each.get(name) == value for name, value in wanted.items()):
            return each
    made = {name: value for name, value in wanted.items() if value is not None} | {"instances": []}
    resources.append(made)
    return made
