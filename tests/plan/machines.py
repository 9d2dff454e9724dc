"""State machines run in memory, as Step Functions runs them: states, paths, functions, sizes, history.

Written from the language's specification, for what modules/details uses, beside LocalStack's interpreter,
which tests/e2e use: what one of the two gets wrong, the other does not repeat. A path or function that is
not here fails.
https://states-language.net/spec.html
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

MOST_BYTES = 262_144
MOST_EVENTS = 25_000


class Failed(Exception):
    """An error as states have it: its name, its cause."""

    @property
    def error(self) -> str:
        return str(self.args[0])


Task = Callable[[dict[str, Any]], Any]
"""Parameters to a result; raises `Failed`."""


@dataclass
class Machine:
    """One execution. now: seconds since 1970, which Wait states and retries move.

    tasks: by the end of the resource's ARN. events: of the history, as AWS counts them. largest: in bytes.
    """

    definition: dict[str, Any]
    tasks: Mapping[str, Task]
    now: float
    wait: Callable[[float], None] = lambda _: None
    started: float = 0.0
    events: int = 0
    largest: int = 0
    entered: list[str] = field(default_factory=list)

    def run(self, given: Any) -> Any:
        """Its output; raises `Failed`."""
        self.started = self.now
        self.events += 2  # ExecutionStarted, and its end
        return self._scope(self.definition, given, {})

    def _scope(self, scope: Mapping[str, Any], given: Any, context: dict[str, Any]) -> Any:
        name, value = scope["StartAt"], given
        self._sized(value)
        while True:
            state = scope["States"][name]
            self.entered.append(name)
            context = {
                **context,
                "State": {"EnteredTime": iso(self.now), "Name": name},
                "Execution": {"StartTime": iso(self.started)},
            }
            following, value = self._state(state, value, context)
            if following is None:
                return value
            name = following

    def _state(self, state: Mapping[str, Any], value: Any, context: dict[str, Any]) -> tuple[str | None, Any]:
        kind = state["Type"]
        self.events += 1 if kind == "Fail" else 2  # Entered, Exited
        if kind == "Fail":
            raise Failed(state["Error"], state["Cause"])
        if kind == "Succeed":
            return None, value
        if kind == "Choice":
            for choice in state["Choices"]:
                if _holds(choice, value, context):
                    return choice["Next"], value
            return state["Default"], value
        if kind == "Wait":
            self._pass_time(state["Seconds"])
            return state.get("Next"), value
        tries: dict[int, int] = {}
        while True:
            try:
                return self._evaluated(state, value, context)
            except Failed as failure:
                again = self._interval(state, failure.error, tries)
                if again is not None:
                    self._pass_time(again)
                    continue
                for catcher in state.get("Catch", ()):
                    if failure.error in catcher["ErrorEquals"] or (
                        "States.ALL" in catcher["ErrorEquals"]
                        and failure.error not in ("States.DataLimitExceeded", "States.Runtime")
                    ):
                        said = {"Error": failure.error, "Cause": failure.args[1]}
                        return catcher["Next"], _put(value, catcher.get("ResultPath", "$"), said)
                raise

    def _evaluated(
        self, state: Mapping[str, Any], value: Any, context: dict[str, Any]
    ) -> tuple[str | None, Any]:
        chosen = find(state["InputPath"], value, context) if "InputPath" in state else value
        given = template(state["Parameters"], chosen, context) if "Parameters" in state else chosen
        match state["Type"]:
            case "Pass":
                result = copy.deepcopy(state["Result"]) if "Result" in state else given
            case "Task":
                self.events += 3  # Scheduled, Started, Succeeded
                result = self.tasks[state["Resource"].rpartition(":::")[2]](given)
                self._sized(result)
            case "Map":
                self.events += 2
                result = [
                    self._iteration(state, item, index, value, context)
                    for index, item in enumerate(find(state["ItemsPath"], chosen, context))
                ]
            case "Parallel":
                self.events += 2
                result = [self._scope(branch, given, context) for branch in state["Branches"]]
            case other:
                raise NotImplementedError(other)
        if "ResultSelector" in state:
            result = template(state["ResultSelector"], result, context)
        made = _put(value, state.get("ResultPath", "$"), result)
        if "OutputPath" in state:
            made = find(state["OutputPath"], made, context)
        self._sized(made)
        return (None if state.get("End") else state["Next"]), made

    def _iteration(
        self, state: Mapping[str, Any], item: Any, index: int, value: Any, context: dict[str, Any]
    ) -> Any:
        self.events += 2
        context = {**context, "Map": {"Item": {"Index": index, "Value": item}}}
        selector = state.get("ItemSelector")
        given = template(selector, value, context) if selector else item
        return self._scope(state["ItemProcessor"], given, context)

    def _interval(self, state: Mapping[str, Any], error: str, tries: dict[int, int]) -> float | None:
        for number, retrier in enumerate(state.get("Retry", ())):
            if error in retrier["ErrorEquals"] or (
                "States.TaskFailed" in retrier["ErrorEquals"] and error != "States.Timeout"
            ):
                done = tries.get(number, 0)
                if done >= retrier["MaxAttempts"]:
                    return None
                tries[number] = done + 1
                return float(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** done)
        return None

    def _pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.wait(self.now)

    def _sized(self, value: Any) -> None:
        size = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
        self.largest = max(self.largest, size if size <= MOST_BYTES else 0)
        if size > MOST_BYTES:
            raise Failed("States.DataLimitExceeded", f"{size} bytes")


def iso(seconds: float) -> str:
    at = datetime.fromtimestamp(int(seconds), UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{int(seconds * 1000) % 1000:03}Z"


def _holds(choice: Mapping[str, Any], value: Any, context: Mapping[str, Any]) -> bool:
    if "And" in choice:
        return all(_holds(each, value, context) for each in choice["And"])
    if "Not" in choice:
        return not _holds(choice["Not"], value, context)
    (comparison,) = set(choice) - {"Variable", "Next"}
    wanted = choice[comparison]
    try:
        found = find(choice["Variable"], value, context)
    except Failed:
        if comparison == "IsPresent":
            return not wanted
        raise
    if comparison == "IsPresent":
        return bool(wanted)
    if comparison.endswith("Path"):
        comparison, wanted = comparison.removesuffix("Path"), find(wanted, value, context)
    kind, _, operation = re.fullmatch(r"(Numeric|String|Boolean)()(\w+)", comparison).groups()  # type: ignore[union-attr]
    right = {"Numeric": (int, float), "String": (str,), "Boolean": (bool,)}[kind]
    if not isinstance(found, right) or not isinstance(wanted, right):
        return False
    return bool(
        {
            "Equals": lambda: found == wanted,
            "GreaterThan": lambda: found > wanted,
            "GreaterThanEquals": lambda: found >= wanted,
            "LessThan": lambda: found < wanted,
        }[operation]()
    )


def _put(value: Any, path: str | None, result: Any) -> Any:
    if path is None:
        return value
    if path == "$":
        return result
    made = copy.copy(value)
    holder, names = made, path.removeprefix("$.").split(".")
    for name in names[:-1]:
        holder[name] = copy.copy(holder.get(name) or {})
        holder = holder[name]
    holder[names[-1]] = result
    return made


def template(value: Any, given: Any, context: Mapping[str, Any]) -> Any:
    """A payload template: what its fields that end in .$ come to."""
    if isinstance(value, dict):
        return {
            name.removesuffix(".$"): _text(each, given, context)
            if name.endswith(".$")
            else template(each, given, context)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [template(each, given, context) for each in value]
    return value


def _text(text: str, given: Any, context: Mapping[str, Any]) -> Any:
    if text.startswith("$"):
        return find(text, given, context)
    value, rest = _call(text, given, context)
    assert not rest, rest
    return value


# Paths


_STEP = re.compile(
    r"\.\.(?P<deep>\w+)|\.(?P<name>\w+)|\[\?\(@\.(?P<field>\w+)==(?P<is>true|false|'[^']*')\)\]|\[(?P<all>\*)\]"
    r"|\[(?P<first>-?\d*):(?P<last>-?\d*)\]|\[(?P<index>\d+)\]"
)


def find(path: str, given: Any, context: Mapping[str, Any]) -> Any:
    """One value, or a list where the path can find several; raises `Failed`."""
    found, several = ([context] if path.startswith("$$") else [given]), False
    for at in _steps(path):
        if name := at["name"]:
            found = [each[name] for each in found if isinstance(each, dict) and name in each]
        elif at["index"] is not None:
            index = int(at["index"])
            found = [each[index] for each in found if isinstance(each, list) and index < len(each)]
        else:
            several = True
            found = [each for value in found for each in _many(value, at)]
    if several:
        return found
    if not found:
        raise Failed("States.Runtime", f"nothing at {path}")
    return found[0]


@cache
def _steps(path: str) -> list[dict[str, str | None]]:
    rest, steps = path.removeprefix("$").removeprefix("$"), []
    while rest:
        step = _STEP.match(rest)
        assert step, path
        rest = rest[step.end() :]
        steps.append(step.groupdict())
    return steps


def _many(value: Any, at: Mapping[str, str | None]) -> list[Any]:
    if deep := at["deep"]:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        own = [value[deep]] if isinstance(value, dict) and deep in value else []
        return own + [each for part in inner for each in _many(part, at)]
    if not isinstance(value, list):
        return []
    if at["all"]:
        return list(value)
    if name := at["field"]:
        wanted = at["is"] == "true" if at["is"] in ("true", "false") else str(at["is"])[1:-1]
        return [each for each in value if each.get(name) == wanted]
    return value[int(at["first"]) if at["first"] else None : int(at["last"]) if at["last"] else None]


# Intrinsic functions


def _call(text: str, given: Any, context: Mapping[str, Any]) -> tuple[Any, str]:
    """Its value, and what stands behind it."""
    name, _, rest = text.partition("(")
    arguments: list[Any] = []
    rest = rest.lstrip()
    while not rest.startswith(")"):
        value, rest = _argument(rest, given, context)
        arguments.append(value)
        rest = rest.lstrip().removeprefix(",").lstrip()
    try:
        return _FUNCTIONS[name](*arguments), rest[1:]
    except (IndexError, TypeError, ValueError) as error:
        raise Failed("States.Runtime", f"{name}: {error}") from error


def _argument(text: str, given: Any, context: Mapping[str, Any]) -> tuple[Any, str]:
    if text.startswith("'"):
        end = text.index("'", 1)
        assert "\\" not in text[:end].replace("\\\\", ""), text[:end]
        return text[1:end], text[end + 1 :]
    if text.startswith("$"):
        end = re.match(r"[^,)\s]*", text).end()  # type: ignore[union-attr]
        return find(text[:end], given, context), text[end:]
    if constant := re.match(r"-?\d+|true|false|null", text):
        return json.loads(constant[0]), text[constant.end() :]
    return _call(text, given, context)


def _format(text: str, *values: Any) -> str:
    parts = text.split("{}")
    if len(parts) != len(values) + 1:
        raise ValueError("values")
    shown = [each if isinstance(each, str) else json.dumps(each, separators=(",", ":")) for each in values]
    return "".join(part + value for part, value in zip(parts, [*shown, ""], strict=True))


def _add(first: Any, second: Any) -> int:
    total = first + second
    if not all(isinstance(each, int) and -(2**31) <= each < 2**31 for each in (first, second, total)):
        raise ValueError("32 bits")
    return int(total)


def _item(values: list[Any], index: int) -> Any:
    if not 0 <= index < len(values):
        raise IndexError(index)
    return values[index]


def _unique(values: list[Any]) -> list[Any]:
    found: dict[str, Any] = {}
    for each in values:
        found.setdefault(json.dumps(each, sort_keys=True), each)
    return list(found.values())


def _merge(first: Any, second: Any, deep: bool) -> dict[str, Any]:
    if deep or not isinstance(first, dict) or not isinstance(second, dict):
        raise ValueError("two objects")
    return {**first, **second}


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "States.Array": lambda *values: list(values),
    "States.ArrayContains": lambda values, value: value in values,
    "States.ArrayGetItem": _item,
    "States.ArrayLength": len,
    "States.ArrayUnique": _unique,
    "States.Format": _format,
    "States.JsonMerge": _merge,
    "States.JsonToString": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    "States.MathAdd": _add,
    "States.StringSplit": lambda text, marks: [
        each for each in re.split(f"[{re.escape(marks)}]", text) if each
    ],
    "States.StringToJson": json.loads,
}
