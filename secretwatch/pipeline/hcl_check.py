"""Metric filters and alarms as they are written in HCL: which of them never ring, whatever they are about.

Text in, sentences out; what is only known in a plan (variables, references, `for_each`) is left alone and
counted. What a pattern matches is decided in `filterpattern`, what CloudTrail writes in `cloudtrail`, when an
alarm rings in `alarm`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import hcl2
from hcl2.utils import SerializationOptions

from secretwatch.alarm import AlarmConfig, InvalidAlarmConfig, Sample, State, datapoints, next_state
from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern, Kind
from secretwatch.pipeline.doctor.hops.never import misspelt, never_matches

FILTER, ALARM = "aws_cloudwatch_log_metric_filter", "aws_cloudwatch_metric_alarm"

_OPTIONS = SerializationOptions(with_comments=False, explicit_blocks=False, preserve_heredocs=False)
_TEXTS = ("statistic", "extended_statistic", "comparison_operator", "treat_missing_data", "unit")
_VALUES = ("value", "default_value")
_NUMBERS = ("period", "evaluation_periods", "threshold", "datapoints_to_alarm")
_REFERENCE = re.compile(rf"\$\{{{FILTER}\.([\w-]+)\.metric_transformation\[0\]\.(name|namespace)\}}")
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_MATCHES = 1000
"""In a minute of each period: an alarm that is silent even then is no alarm on single events."""


@dataclass(frozen=True, order=True)
class Problem:
    """file, line, address: where, as near as it is known. sentence: why, and what to write."""

    file: str
    line: int
    address: str
    sentence: str


@dataclass(frozen=True)
class Found:
    """looked_at: filters and alarms that could be judged; left: those that only a plan knows."""

    problems: list[Problem]
    looked_at: int
    left: int


class NotHcl(ValueError):
    """A file cannot be read as HCL; the message is one sentence."""


@dataclass(frozen=True)
class _Part:
    """A resource, or something else that has a pattern, as an entry of a table that is gone through."""

    file: str
    line: int
    address: str
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.address.partition(".")[2]

    def problem(self, sentence: str) -> Problem:
        return Problem(self.file, self.line, self.address, sentence)


def check(sources: Mapping[str, str]) -> Found:
    """sources: texts of the .tf files of one folder, by name. Raises NotHcl."""
    parts = [each for file, text in sorted(sources.items()) for each in _parts(file, text)]
    filters = [each for each in parts if each.address.startswith(FILTER)]
    alarms = [each for each in parts if each.address.startswith(ALARM)]
    problems: list[Problem] = []
    judged = 0
    for each in (each for each in parts if each not in alarms):
        pattern = _text(each.body.get("pattern"))
        judged += pattern is not None
        problems += map(each.problem, _of_pattern(pattern) if pattern is not None else ())
    for each in alarms:
        transformation = _counted(each.body, filters)
        found = None if transformation is None else _of_alarm(each.body, transformation)
        judged += found is not None
        problems += map(each.problem, found or ())
    return Found(sorted(problems), judged, len(parts) - judged)


def _parts(file: str, text: str) -> Iterator[_Part]:
    try:
        found = hcl2.loads(text, serialization_options=_OPTIONS)
    except Exception as error:  # lark raises many kinds
        first = str(error).strip().partition("\n")[0]
        raise NotHcl(f"{file} cannot be read as HCL: {first}") from None
    for block in found.pop("resource", []):
        for kind, named in block.items():
            for name, body in named.items() if isinstance(named, dict) else ():
                if isinstance(body, dict) and kind.strip('"') in (FILTER, ALARM):
                    header = re.search(rf"^\s*resource\s+{kind}\s+{re.escape(name)}", text, re.MULTILINE)
                    line = text.count("\n", 0, header.end()) + 1 if header else 0
                    yield _Part(file, line, f"{kind}.{name}".replace('"', ""), body)
    yield from (
        _Part(file, _line_of(text, each["pattern"]), address, each)
        for address, each in _tables(found, "")
        if (_text(each["pattern"]) or "").startswith("{") and "$." in each["pattern"]
    )


def _tables(value: Any, address: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What has a pattern, wherever it stands: modules with many alarms go through a table of them."""
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield address, value
        for name, inner in value.items():
            yield from _tables(inner, f"{address}.{name.strip(chr(34))}".removeprefix("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _tables(inner, address)


def _line_of(text: str, literal: str) -> int:
    at = text.find(literal)
    return text.count("\n", 0, at) + 1 if at >= 0 else 0


def _text(value: Any) -> str | None:
    """A text without anything to fill in; None of all else."""
    if not isinstance(value, str) or not value.startswith('"'):
        return None
    try:
        text = json.loads(value, strict=False)
    except ValueError:
        return None
    if re.search(r"(?<!\$)\$\{|(?<!%)%\{", text):
        return None
    return str(text).replace("$${", "${").replace("%%{", "%{").strip()


def _number(value: Any) -> float | None:
    try:
        found = float(_text(value) or value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def _of_pattern(text: str) -> Iterator[str]:
    try:
        pattern = FilterPattern.parse(text)
    except InvalidFilterPattern as error:
        yield f"CloudWatch Logs refuses the pattern. {error}"
        return
    if pattern.kind is not Kind.JSON:
        return
    if why := never_matches(pattern):
        yield f"The pattern matches no event of CloudTrail: it {why[0]}. {why[1]}"
    else:
        for name, right in sorted(misspelt(pattern).items()):
            yield f"The pattern asks for {name}, which no service has. Write {right}, if that is meant."


def _counted(alarm: Mapping[str, Any], filters: list[_Part]) -> Mapping[str, Any] | None:
    """The transformation whose metric an alarm is on; None where that is not known."""
    metric = []
    for argument in ("namespace", "metric_name"):
        value = alarm.get(argument)
        if reference := _REFERENCE.fullmatch(value) if isinstance(value, str) else None:
            named = [each for each in filters if each.name == reference[1]]
            value = _transformation(named[0]).get(reference[2]) if named else None
        metric.append(_text(value))
    if None in metric or alarm.get("dimensions"):
        return None
    return next(
        (
            transformation
            for each in filters
            if (transformation := _transformation(each))
            and not transformation.get("dimensions")
            and [_text(transformation.get("namespace")), _text(transformation.get("name"))] == metric
        ),
        None,
    )


def _transformation(of: _Part) -> Mapping[str, Any]:
    found = of.body.get("metric_transformation")
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}


def _of_alarm(alarm: Mapping[str, Any], transformation: Mapping[str, Any]) -> list[str] | None:
    """What is wrong; None where something that decides is known only in a plan."""
    read = {name: _text(alarm[name]) for name in _TEXTS if alarm.get(name) is not None}
    numbers = {name: _number(alarm[name]) for name in _NUMBERS if alarm.get(name) is not None}
    values = {name: _number(transformation[name]) for name in _VALUES if name in transformation}
    unit = _text(transformation.get("unit"))
    late = "unit" in transformation and unit is None
    if late or "value" not in values or None in (*read.values(), *numbers.values(), *values.values()):
        return None
    default = values.get("default_value")
    statistic = str(read.get("statistic") or read.get("extended_statistic"))
    needed = numbers.get("datapoints_to_alarm")
    try:
        config = AlarmConfig(
            statistic=statistic,
            period=int(numbers.get("period") or 0),
            evaluation_periods=int(numbers.get("evaluation_periods") or 0),
            comparison_operator=str(read.get("comparison_operator")),
            threshold=numbers.get("threshold") or 0.0,
            datapoints_to_alarm=None if needed is None else int(needed),
            treat_missing_data=read.get("treat_missing_data") or "missing",
            unit=read.get("unit"),
        )
    except InvalidAlarmConfig as error:
        return [f"CloudWatch refuses the alarm. {error}"]
    rings = partial(_rings, config, value=values["value"] or 0.0, default=default, unit=unit)
    if rings(0):
        return ["The alarm is in ALARM while nothing matches. Look at the comparison and treat_missing_data."]
    if rings(_MATCHES):
        return []
    zeros = (
        f" The filter writes {default:g} for each minute in which other events came: leave default_value "
        "out, or use the statistic Sum."
        if default is not None and statistic not in ("Sum", "Maximum", "SampleCount")
        else " Look at its threshold, statistic, unit and datapoints_to_alarm."
    )
    return [f"The alarm stays silent even if {_MATCHES:,} events match in each period.{zeros}"]


def _rings(
    config: AlarmConfig, matches: int, *, value: float, default: float | None, unit: str | None
) -> bool:
    """Whether it rings where so many match in a minute of each period, and others come in each minute."""
    minutes = max(config.period // 60, 1)
    periods = config.evaluation_range + 2
    samples = [
        Sample(_BEGIN + timedelta(minutes=minute), each, unit=unit)
        for minute in range(minutes * periods)
        for each in ([value] * matches if matches and not minute % minutes else [default])
        if each is not None
    ]
    state = State.OK
    for period in range(1, periods + 1):
        at = _BEGIN + timedelta(minutes=minutes * period)
        state = next_state(config, datapoints(config, samples, at), state)
        if state is State.ALARM:
            return True
    return False
