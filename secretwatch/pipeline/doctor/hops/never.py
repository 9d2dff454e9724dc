"""Of hop 4: patterns that no event can match: contradictions, and what CloudTrail never writes so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from secretwatch.cloudtrail import Event, contents
from secretwatch.filterpattern import FilterPattern, Kind
from secretwatch.filterpattern.examples import examples
from secretwatch.filterpattern.pattern import JsonPattern
from secretwatch.partition import is_region
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Person
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.kinds import filters
from secretwatch.pipeline.doctor.kinds.filters import id_of
from secretwatch.pipeline.doctor.names import meant, of_another
from secretwatch.pipeline.doctor.patterns import mended
from secretwatch.pipeline.doctor.view import View, parsed

# EventBridge's own fields, around the event.
_AROUND = ("detail", "detail-type", "region")


def examine(hop: Hop, view: View, those: Sequence[Thing]) -> None:
    """Says of each filter, which an alarm of the account's has, why nothing ever matches it."""
    for each in those:
        pattern = parsed(each.get("filterPattern") or "")
        if pattern is None or pattern.kind is not Kind.JSON:
            continue
        name, ref = each["filterName"], Ref("filter", id_of(view.group or "", each["filterName"]))
        made = examples(pattern)
        typos = {} if view.subject.is_about_secrets else _typos(made, pattern)
        if typos and len(typos) < len(_names(made, pattern)):
            hop.warning(
                "pattern",
                f"{name} asks for {_listed(typos)}, which no service has, and will not ring for "
                f"{_listed(typos.values())}.",
            )
        if (found := _why(made, pattern, typos)) is None:
            continue
        why, right = found
        is_read = view.subject.is_about_secrets and view.examples
        better = mended(pattern.text, view.examples[0]) if is_read else None
        step = filters.put(each, filterPattern=better) if better else Person(right)
        hop.broken("pattern", f"{name} {why}.", step, ref=ref)


def _why(made: list[Event], pattern: FilterPattern, typos: Mapping[str, str]) -> tuple[str, str] | None:
    """Why nothing matches, and what a person has to do; None where something may. made: what would match."""
    right = "Write it as CloudTrail has it."
    names = _names(made, pattern)
    if not made:
        return (
            "can match no event: its conditions contradict one another",
            "Write || between conditions of which one is enough; && is for those that hold together.",
        )
    if slips := _slips(pattern):
        return (
            f"looks at {', '.join(slips)}: upper and lower case differ in CloudTrail's fields, as in "
            f"{', '.join(slips.values())}",
            right,
        )
    impossible = [_impossible(event, pattern) for event in made]
    if all(impossible):
        return str(impossible[0]), right
    if names and all(one[:1].islower() for one in names):
        return (
            f"asks for {_listed(names)}: CloudTrail's names begin with a capital letter, and upper and lower "
            "case differ",
            right,
        )
    if names and len(typos) == len(names):
        return (
            f"asks for {_listed(typos)}, which no service has",
            f"Write {_listed(typos.values())}, if that is meant.",
        )
    sources = {each for event in made if (each := event.get("eventSource")) and _is_written(each, pattern)}
    if len(sources) == len(made) and not any(contents.EVENT_SOURCE.fullmatch(str(each)) for each in sources):
        return (
            f"asks for the source {_listed(sources)}: CloudTrail's sources are the names of services, "
            "such as ec2.amazonaws.com",
            right,
        )
    return None


def _listed(names: Any) -> str:
    return ", ".join(sorted(map(str, names))[:3])


def _is_written(value: object, pattern: FilterPattern) -> bool:
    """Whether the pattern has this itself: what fills its wildcards was made up here."""
    return re.search(rf"(?<![\w*]){re.escape(str(value))}(?![\w*])", pattern.text) is not None


def _names(made: list[Event], pattern: FilterPattern) -> set[str]:
    names = {event["eventName"] for event in made if isinstance(event.get("eventName"), str)}
    return {each for each in names if _is_written(each, pattern)}


def _typos(made: list[Event], pattern: FilterPattern) -> dict[str, str]:
    """Names of calls that no service has, each with that which is nearly its."""
    # What begins with a small letter is said as that.
    names = {each for each in _names(made, pattern) if not each[:1].islower()}
    of = {
        str(event["eventName"]): event.get("eventSource") for event in made if event.get("eventName") in names
    }
    return {name: right for name, source in of.items() if (right := meant(name, source))}


_IN_SMALL_LETTERS = {name.lower(): name for name in contents.FIELDS}


def _slips(pattern: FilterPattern) -> dict[str, str]:
    """Selectors of fields that CloudTrail writes in other letters, and as it does."""
    found = {}
    for condition in pattern.conditions if isinstance(pattern, JsonPattern) else ():
        first = condition.selector.path[0]
        if isinstance(first, str) and _IN_SMALL_LETTERS.get(first.lower(), first) != first:
            found[f"$.{first}"] = f"$.{_IN_SMALL_LETTERS[first.lower()]}"
    return found


def _impossible(event: Event, pattern: FilterPattern) -> str | None:
    """What of this event no event ever has, as a clause; None of one that may be."""
    for path, value in _leaves(event, ""):
        if why := _never_so(path, value, pattern):
            return why
    name, source = event.get("eventName"), event.get("eventSource")
    are_written = all(isinstance(each, str) and _is_written(each, pattern) for each in (name, source))
    why = of_another(str(name), str(source)) if are_written else None
    return f"asks for {name} of {source}: {why}" if why else None


def _never_so(path: str, value: Any, pattern: FilterPattern) -> str | None:
    """Why no event has this value at this path; None where one may."""
    first = path.partition(".")[0]
    shown = f"$.{path} = {json.dumps(value, ensure_ascii=False)}"
    if first in _AROUND:
        return f"looks at $.{path}, as EventBridge shows an event: CloudTrail's own has it as $.eventName"
    if value is None and (first in contents.NEVER_NULL or first == "userIdentity"):
        return f"asks for $.{path} to be null: CloudTrail leaves such out, so write NOT EXISTS"
    if first in contents.BOOLEANS and isinstance(value, str):
        return f"asks for {shown}: that is no text, so write IS TRUE or IS FALSE"
    if path in contents.WRITTEN_BOOLEANS and isinstance(value, bool):
        return f'asks for $.{path} to be a boolean: it is text, so write = "{str(value).lower()}"'
    if not isinstance(value, str) or not _is_written(value, pattern):
        return None
    if path == "awsRegion" and not is_region(value):
        return f"asks for {shown}: regions are written like us-east-1"
    if path == "sourceIPAddress" and "/" in value:
        return f"asks for {shown}: a pattern knows no networks, so write 10.0.* or list the addresses"
    if path == "eventName" and not contents.EVENT_NAME.fullmatch(value):
        return f"asks for {shown}: names of calls are words, as {value.rpartition(':')[2].strip()}"
    known = contents.VALUES.get(path, ())
    near = next((each for each in known if each.lower() == value.lower()), None)
    if known and value not in known and (near or value.lower() in ("true", "false")):
        return f"asks for {shown}: CloudTrail writes {near or ' or '.join(known)} there"
    return None


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    else:
        yield path, value


def never_matches(pattern: FilterPattern) -> tuple[str, str] | None:
    """Why no event of CloudTrail's matches a pattern, as a clause, and what to write; None where one may."""
    made = examples(pattern)
    return _why(made, pattern, _typos(made, pattern))


def misspelt(pattern: FilterPattern) -> dict[str, str]:
    """Names of calls that no service has, each with that which is nearly its."""
    return _typos(examples(pattern), pattern)
