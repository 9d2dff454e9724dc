"""What a target of an EventBridge rule gets of an event: constant, a part, or a template filled in.

Here: input paths, templates and their placeholders, and what PutTargets refuses of them. Not here: who may
send what where. Pure: no boto3, no clock, no file, no network.

Follows https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html:
- What is inserted is not escaped: a quotation mark in a value ends the string that it is inserted into.
- Outside a string, text gets quotation marks; objects and arrays are inserted as they are. Inside one they
  lose theirs.
- A path to what the event does not have inserts nothing: outside a string that is an empty one.
- `<aws.events.event>` is the event without its detail, with `detail-type` as `detailType` (observed).
The refusals are those that PutTargets was seen to answer.

AWS does not say what becomes of an output that is not JSON, and is said not to deliver it: here it is not. Of
a template that is no object each line has to be JSON by itself, as AWS's examples have lines in quotation
marks.
AWS does not say what a path to null inserts: here nothing.
AWS does not say what a target gets whose InputPath leads nowhere: here nothing, which counts as failed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from secretwatch.filterpattern import InvalidFilterPattern, Selector

_PLACEHOLDER = re.compile(r"<(.*?)>")
_TEXTS = ("aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time")
_DOCUMENTS = ("aws.events.event", "aws.events.event.json")
_INPUTS = ("Input", "InputPath", "InputTransformer")
_QUOTED_MEMBER = re.compile(r"\[\s*['\"]")


class Undeliverable(ValueError):
    """The event makes no input for the target; the message says why."""


class InvalidInput(ValueError):
    """PutTargets refuses the target with ValidationException; the message is AWS's."""


def check_input(target: Mapping[str, Any]) -> None:
    """Raises InvalidInput for a Target's Input, InputPath or InputTransformer that PutTargets refuses."""
    name = target["Id"]
    if sum(target.get(each) is not None for each in _INPUTS) > 1:
        raise InvalidInput(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
        )
    if (constant := target.get("Input")) is not None and not _is_json(constant):
        raise InvalidInput(f"JSON syntax error in input for target {name}.")
    transformer = target.get("InputTransformer") or {}
    paths = transformer.get("InputPathsMap") or {}
    for path in (*([target["InputPath"]] if target.get("InputPath") else ()), *paths.values()):
        if not path.startswith("$") or _QUOTED_MEMBER.search(path):
            raise InvalidInput(f"InputPath for target {name} is invalid.")
    if transformer:
        _check_template(name, transformer["InputTemplate"], paths)


def _check_template(target_id: str, template: str, paths: Mapping[str, str]) -> None:
    placeholders = _PLACEHOLDER.findall(template)
    for each in placeholders:
        if each not in paths and each not in _TEXTS and each not in _DOCUMENTS:
            raise InvalidInput(f"InputTemplate for target {target_id} contains invalid placeholder {each}.")
        if each in _DOCUMENTS and not _is_object(template):
            only = f"contains placeholder {each} valid only for JSON template."
            raise InvalidInput(f"InputTemplate for target {target_id} {only}")
    if not _is_valid(template, _filled(template, dict.fromkeys(placeholders, "x"))):
        # AWS is said to add the place in its parser's words.
        raise InvalidInput(f"Invalid InputTemplate for target {target_id} : it is not valid JSON.")


def input_of(
    target: Mapping[str, Any], event: Mapping[str, Any], *, rule_arn: str, ingestion_time: str
) -> str:
    """The text that the target gets. Raises Undeliverable.

    event: as its JSON parses; ingestion_time: ISO 8601, when EventBridge got it.
    """
    if (constant := target.get("Input")) is not None:
        return str(constant)
    if path := target.get("InputPath"):
        found = at_path(event, path)
        if found is None:
            raise Undeliverable(f"the event has nothing at the InputPath {path}")
        return _json(found)
    transformer = target.get("InputTransformer")
    if not transformer:
        return _json(event)
    template = transformer["InputTemplate"]
    values = {name: at_path(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": ingestion_time,
        "aws.events.event": {
            "detailType" if name == "detail-type" else name: value
            for name, value in event.items()
            if name != "detail"
        },
        "aws.events.event.json": event,
    }
    text = _filled(template, values)
    if not _is_valid(template, text):
        raise Undeliverable(f"the InputTransformer makes no valid JSON of the event: {text[:1000]}")
    # A line break may be written as such in a template of strings.
    return text if _is_object(template) else text.replace("\\n", "\n")


def at_path(event: Mapping[str, Any], path: str) -> Any:
    """What a path points to: several values, and all of a wildcard, as a list; None where there is nothing.

    The paths that EventBridge takes are written as the selectors of a filter pattern are, but for `$`, the
    whole event.
    """
    if path == "$":
        return event
    try:
        selector = _selector(path)
    except InvalidFilterPattern:
        return None
    values = selector.values(event)
    if len(values) == 1 and not selector.has_wildcard:
        return values[0]
    return values or None


# A rule's paths are the same for each event.
_selector = lru_cache(maxsize=1024)(Selector.parse)


def _filled(template: str, values: Mapping[str, Any]) -> str:
    def inserted(placeholder: re.Match[str]) -> str:
        value = values.get(placeholder[1])
        value = "" if value is None else value
        if _is_in_string(template, placeholder.start()):
            return value if isinstance(value, str) else _json(value).replace('"', "")
        return f'"{value}"' if isinstance(value, str) else _json(value)

    return _PLACEHOLDER.sub(inserted, template)


def _is_in_string(template: str, place: int) -> bool:
    before = template[:place].replace("\\\\", "").replace('\\"', "")
    return before.count('"') % 2 == 1


def _is_object(template: str) -> bool:
    return template.lstrip().startswith("{")


def _is_valid(template: str, text: str) -> bool:
    if _is_json(text):
        return True
    return not _is_object(template) and all(_is_json(line) for line in text.splitlines() if line.strip())


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
