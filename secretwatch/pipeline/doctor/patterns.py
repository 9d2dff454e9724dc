"""Filter patterns put right: a slip in one of them, or one made for reads of secrets. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from secretwatch import secretid
from secretwatch.cloudtrail import event_text
from secretwatch.filterpattern import MAX_LENGTH, FilterPattern, InvalidFilterPattern
from secretwatch.pipeline.doctor.reads import EVENT_NAMES


def pattern_for(secrets: Sequence[str], event_names: Sequence[str] = EVENT_NAMES) -> str:
    """A pattern that counts calls on these secrets, by name, ARN and ARN without its suffix."""
    parts = "|".join(
        _expressions(each) for each in sorted({name for each in secrets for name in secretid.names(each)})
    )
    any_secret = not secrets or "*" in secrets
    one = f"($.requestParameters.secretId = %{parts}%) || "
    several = f"($.requestParameters.secretIdList[*] = %{parts}%) || "
    nameless = "($.requestParameters.secretId NOT EXISTS && $.requestParameters.secretIdList[0] NOT EXISTS)"
    about = "" if any_secret else f" && ({one}{several}{nameless})"
    names = " || ".join(f'($.eventName = "{name}")' for name in event_names)
    pattern = f'{{ ($.eventSource = "secretsmanager.amazonaws.com") && ({names}){about} }}'
    # Rather all secrets than none.
    return pattern if len(pattern) <= MAX_LENGTH else pattern_for((), event_names)


def _expressions(name: str) -> str:
    text = "".join(_in_expression(char) for char in name.removesuffix("*"))
    if name.endswith("*"):
        return f"^{text}|:secret:{text}"
    return f"^{text}$|:secret:{text}$|:secret:{text}-[a-zA-Z0-9]{{6}}$"


def _in_expression(char: str) -> str:
    if char.isalnum() or char in "_/=@-":
        return char
    return f"\\{char}" if char in ".+" else f"\\x{ord(char):02x}"


_SELECTOR = re.compile(r"\$(?:\.[A-Za-z0-9_-]+)+")
_VALUE = re.compile(r"""(!?=)\s*("([^"]*)"|[A-Za-z0-9_.]+)""")
_MOST_ROUNDS = 6


def mended(text: str, event: Mapping[str, Any]) -> str | None:
    """The pattern with slips in upper and lower case put right, if it matches then; else None.

    In a selector ($.eventname), in a value ("getSecretValue"), and a boolean that is written as a text.
    """
    message = event_text(dict(event))
    for _ in range(_MOST_ROUNDS):
        try:
            pattern = FilterPattern.parse(text)
        except InvalidFilterPattern:
            return None
        if pattern.matches(message):
            return text
        changed = text
        for each in pattern.obstacles(message):
            changed = changed.replace(each.condition.strip(), _right(each.condition.strip(), event), 1)
        if changed == text:
            return None
        text = changed
    return None


def _right(condition: str, event: Mapping[str, Any]) -> str:
    selector = _SELECTOR.match(condition)
    if not selector:
        return condition
    path, value = _found(selector[0], event)
    if path is None:
        return condition
    condition = path + condition[selector.end() :]
    given = _VALUE.search(condition, len(path))
    if not given or given[1] != "=":
        return condition
    written = given[3] if given[3] is not None else given[2]
    if isinstance(value, bool) and written.lower() == str(value).lower():
        return f"{path} IS {written.upper()}"
    if isinstance(value, str) and value != written and value.lower() == written.lower():
        return f'{condition[: given.start()]}= "{value}"{condition[given.end() :]}'
    return condition


def _found(selector: str, event: Mapping[str, Any]) -> tuple[str | None, Any]:
    """The selector as the event has it, and the value there."""
    here: Any = event
    path = "$"
    for name in selector.split(".")[1:]:
        if not isinstance(here, Mapping):
            return None, None
        near = [key for key in here if key == name] or [key for key in here if key.lower() == name.lower()]
        if not near:
            return None, None
        path, here = f"{path}.{near[0]}", here[near[0]]
    return path, here
