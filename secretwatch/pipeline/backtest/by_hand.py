"""What is tested, by hand: filter patterns and the settings of an alarm on what they count."""

from __future__ import annotations

from collections.abc import Sequence

from secretwatch.alarm import InvalidAlarmConfig, config_of
from secretwatch.backtest.replay import can_replay
from secretwatch.backtest.subject import Alarm, Filter, Subject, Watch
from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern

_MEMBERS = {
    "comparison_operator": "ComparisonOperator",
    "datapoints_to_alarm": "DatapointsToAlarm",
    "evaluation_periods": "EvaluationPeriods",
    "period": "Period",
    "statistic": "Statistic",
    "threshold": "Threshold",
    "treat_missing_data": "TreatMissingData",
}
_NUMBERS = ("datapoints_to_alarm", "evaluation_periods", "period")
_DEFAULTS = {
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "EvaluationPeriods": 1,
    "Period": 300,
    "Statistic": "Sum",
    "Threshold": 1.0,
    "TreatMissingData": "notBreaching",
    "MetricName": "reads",
    "Namespace": "by-hand",
    "AlarmName": "by-hand",
}


class NotAnAlarm(ValueError):
    """A pattern or setting that AWS would refuse; the message is one sentence."""


def subject_of(patterns: Sequence[str], settings: Sequence[str]) -> Subject:
    """Patterns that count in one metric, and an alarm: one read within 300 s, where nothing else is set.

    settings: `key=value`, the names being the arguments of aws_cloudwatch_metric_alarm. Raises NotAnAlarm.
    """
    filters = []
    for number, text in enumerate(patterns):
        try:
            FilterPattern.parse(text)
        except InvalidFilterPattern as error:
            raise NotAnAlarm(f"This is not a filter pattern. {error}") from error
        filters.append(Filter(f"pattern {number + 1}", text, "by-hand", "reads", unit=None))
    described = dict(_DEFAULTS)
    for each in settings:
        key, sign, value = each.partition("=")
        if not sign or key not in _MEMBERS:
            raise NotAnAlarm(
                f"--alarm {each[:40]!r} is no setting: write one of {', '.join(_MEMBERS)} as key=value."
            )
        try:
            described[_MEMBERS[key]] = (
                int(value) if key in _NUMBERS else float(value) if key == "threshold" else value
            )
        except ValueError:
            raise NotAnAlarm(f"--alarm {key} is a number, not {value[:40]!r}.") from None
    try:
        config = config_of(described)
    except (InvalidAlarmConfig, OverflowError) as error:
        raise NotAnAlarm(f"AWS would refuse the alarm: {error}") from error
    if not can_replay(config):
        raise NotAnAlarm(
            f"A period of {config.period} seconds is too short for a log metric, which has one "
            "value a minute: write 60 or more."
        )
    alarm = Alarm("by hand", described, topics=("by hand",))
    return Subject("by hand", (Watch("by hand", tuple(filters), (alarm,)),))
