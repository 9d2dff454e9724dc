"""Metric filters and alarms as they are written in HCL: which of them never ring, whatever they are about.

Text in, sentences out; what is only known in a plan (`for_each`, functions, other resources) is left alone,
and told. Which value a reference has is decided in `hcl_values`, what a pattern matches in `filterpattern`,
what CloudTrail writes in `cloudtrail`, when an alarm rings in `alarm`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from secretwatch.alarm import AlarmConfig, InvalidAlarmConfig, Sample, State, datapoints, next_state
from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern, Kind
from secretwatch.pipeline.doctor.hops.never import misspelt, never_matches
from secretwatch.pipeline.hcl_values import Scalar, Unknown, Values, parsed

FILTER, ALARM = "aws_cloudwatch_log_metric_filter", "aws_cloudwatch_metric_alarm"

_TEXTS = ("statistic", "extended_statistic", "comparison_operator", "treat_missing_data", "unit")
_NUMBERS = ("period", "evaluation_periods", "threshold", "datapoints_to_alarm")
_REFERENCE = re.compile(rf"\$\{{{FILTER}\.([\w-]+)\.metric_transformation\[0\]\.(name|namespace)\}}")
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_MATCHES = 1000
"""In a minute of each period: an alarm that is silent even then is no alarm on single events."""


@dataclass(frozen=True, order=True)
class Problem:
    """file, line, address: where, as near as it is known. sentence: why, and what to write. judged_by: the
    variables' values that it rests on, as `the default of var.a`, `var.b in terraform.tfvars`."""

    file: str
    line: int
    address: str
    sentence: str
    judged_by: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Left:
    """What could not be judged. why: clauses, as `var.a has no default`."""

    file: str
    line: int
    address: str
    why: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """looked_at: filters and alarms that could be judged; left: those that could not; judged_by: variables'
    values that this rests on, also where nothing is wrong."""

    problems: list[Problem]
    looked_at: int
    left: list[Left]
    judged_by: list[str]


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


@dataclass
class _Reader:
    """Reads what a part says, and remembers what that was taken from, and what could not be known."""

    values: Values
    taken: set[str] = field(default_factory=set)
    unknown: dict[str, None] = field(default_factory=dict)

    def value(self, written: Any) -> Scalar:
        """None also of what is not known."""
        try:
            value, taken = self.values.read(written)
        except Unknown as error:
            self.unknown[str(error)] = None
            return None
        self.taken |= taken
        return value

    def text(self, of: Mapping[str, Any], name: str) -> str | None:
        value = self.value(of.get(name))
        if value is None or isinstance(value, str):
            return value if value is None else value.strip()
        self.unknown[f"its {name} is no text"] = None
        return None

    def number(self, of: Mapping[str, Any], name: str) -> float | None:
        value = self.value(of.get(name))
        if value is None:
            return None
        try:
            found = float(value)
        except (OverflowError, ValueError):
            found = math.nan
        if math.isfinite(found):
            return found
        self.unknown[f"its {name} is no number"] = None
        return None

    @property
    def judged_by(self) -> list[str]:
        return sorted(each for each in self.taken if not each.startswith("local."))


def check(
    sources: Mapping[str, str],
    beside: Mapping[str, str | None] | None = None,
    settings: Mapping[str, str | None] | None = None,
) -> Found:
    """sources: texts of the .tf files to look at, of one folder, by name. beside, settings: the files beside
    them, as `Values` has them. Raises NotHcl.
    """
    files = {file: parsed(file, text) for file, text in sorted(sources.items())}
    values = Values(files.values(), beside, settings)
    resources = [each for file, found in files.items() for each in _resources(file, sources[file], found)]
    filters = [each for each in resources if each.address.startswith(FILTER)]
    problems: list[Problem] = []
    left: list[Left] = []
    judged_by: set[str] = set()
    followed: set[str] = set()
    looked_at = 0

    def judge(part: _Part) -> None:
        nonlocal looked_at
        reader = _Reader(values)
        if part.address.startswith(ALARM):
            sentences = _of_alarm(part.body, filters, reader)
        else:
            sentences = _of_filter(part.body, reader)
        if reader.unknown:
            left.append(Left(part.file, part.line, part.address, tuple(reader.unknown)))
            return
        looked_at += 1
        followed.update(reader.taken)
        judged_by.update(reader.judged_by)
        by = tuple(reader.judged_by)
        problems.extend(Problem(part.file, part.line, part.address, each, by) for each in sentences)

    for each in resources:
        judge(each)
    for file, found in files.items():
        for table in _tables_of_patterns(file, sources[file], found, values):
            # A local that is called pattern is judged where it is used.
            if not (table.address == "locals" and "local.pattern" in followed):
                judge(table)
    return Found(sorted(problems), looked_at, sorted(left), sorted(judged_by))


def _resources(file: str, text: str, found: Mapping[str, Any]) -> Iterator[_Part]:
    for block in found.get("resource", []):
        for kind, named in block.items():
            for name, body in named.items() if isinstance(named, dict) else ():
                if isinstance(body, dict) and kind.strip('"') in (FILTER, ALARM):
                    header = re.search(rf"^\s*resource\s+{kind}\s+{re.escape(name)}", text, re.MULTILINE)
                    line = text.count("\n", 0, header.end()) + 1 if header else 0
                    yield _Part(file, line, f"{kind}.{name}".replace('"', ""), body)


def _tables_of_patterns(file: str, text: str, found: Mapping[str, Any], values: Values) -> Iterator[_Part]:
    """Those that are known to be of JSON: anything may be called a pattern."""
    for address, each in _tables({name: body for name, body in found.items() if name != "resource"}, ""):
        pattern = _Reader(values).text(each, "pattern") or ""
        if pattern.startswith("{") and "$." in pattern:
            yield _Part(file, _line_of(text, each["pattern"]), address, each)


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
    # A reference stands there without its ${ }.
    at = text.find(literal if literal.startswith('"') else literal.removeprefix("${").removesuffix("}"))
    return text.count("\n", 0, at) + 1 if at >= 0 else 0


def _of_filter(body: Mapping[str, Any], reader: _Reader) -> list[str]:
    pattern = reader.text(body, "pattern")
    if pattern is None and not reader.unknown:
        reader.unknown["it has no pattern"] = None
    return [] if pattern is None else list(_of_pattern(pattern))


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


def _counted(alarm: Mapping[str, Any], filters: list[_Part], reader: _Reader) -> Mapping[str, Any] | None:
    """The transformation whose metric an alarm is on; None where that is not known."""
    metric = []
    for argument in ("namespace", "metric_name"):
        of, name = alarm, argument
        written = alarm.get(argument)
        if reference := _REFERENCE.fullmatch(written) if isinstance(written, str) else None:
            named = [each for each in filters if each.name == reference[1]]
            of, name = _transformation(named[0]) if named else {}, reference[2]
        metric.append(reader.text(of, name))
    has_dimensions = _has_dimensions(alarm, reader)
    if reader.unknown:
        return None
    for each in filters if not has_dimensions and None not in metric else ():
        transformation = _transformation(each)
        other = _Reader(reader.values)
        if [other.text(transformation, "namespace"), other.text(transformation, "name")] == metric and not (
            _has_dimensions(transformation, other)
        ):
            reader.taken |= other.taken
            return transformation
    reader.unknown["it is not known to be on the metric of a filter here, without dimensions"] = None
    return None


def _transformation(of: _Part) -> Mapping[str, Any]:
    found = of.body.get("metric_transformation")
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}


def _has_dimensions(of: Mapping[str, Any], reader: _Reader) -> bool:
    """True also where it is not known."""
    written = of.get("dimensions")
    if isinstance(written, dict):
        return bool(written)
    before = len(reader.unknown)
    return reader.value(written) is not None or len(reader.unknown) > before


def _of_alarm(alarm: Mapping[str, Any], filters: list[_Part], reader: _Reader) -> list[str]:
    """What is wrong; nothing where the reader does not know all that decides."""
    transformation = _counted(alarm, filters, reader)
    if transformation is None:
        return []
    read = {name: text for name in _TEXTS if (text := reader.text(alarm, name)) is not None}
    numbers = {name: found for name in _NUMBERS if (found := reader.number(alarm, name)) is not None}
    value, default = (reader.number(transformation, name) for name in ("value", "default_value"))
    unit = reader.text(transformation, "unit")
    if value is None:
        reader.unknown.setdefault("the filter's value is not known")
    if value is None or reader.unknown:
        return []
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
    rings = partial(_rings, config, value=value, default=default, unit=unit)
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
