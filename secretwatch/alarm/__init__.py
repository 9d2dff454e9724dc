"""CloudWatch alarms: samples → datapoints → state, with AWS's reason for it.

    config = AlarmConfig(statistic="Sum", period=300, evaluation_periods=1,
                         comparison_operator="GreaterThanOrEqualToThreshold", threshold=1,
                         treat_missing_data="notBreaching")
    seen = datapoints(config, [Sample(time, 1.0)], at=now)
    evaluate(config, seen, State.OK, at=now).reason

Pure: no clock (the time is an argument, always an aware datetime), no AWS. How the message of a change
reads stands in `notification`; who is told does not stand here. Of metric math an alarm on FILL(metric, n)
is covered (`config_of`), and expressions are evaluated in `metricmath`; composite alarms stand in `rule`.
Anomaly detection is not covered.

Decided here, where AWS's page leaves it open: the evaluation range is N + 2 periods (the page shows 5 for N
= 3; `AlarmConfig.look_back`); datapoints that all breach, but are fewer than M and too new, leave `missing`
at INSUFFICIENT_DATA and `ignore` as it is; percentiles are exact (see `statistics`). The page for users is
docs/alarms.md.
"""

from secretwatch.alarm.config import (
    AlarmConfig,
    InvalidAlarmConfig,
    State,
    TreatMissingData,
    config_of,
    metric_of,
    unit_of,
)
from secretwatch.alarm.evaluation import Evaluation, evaluate, next_state
from secretwatch.alarm.statistics import Sample
from secretwatch.alarm.window import Datapoint, datapoints, window_end

__all__ = [
    "AlarmConfig",
    "Datapoint",
    "Evaluation",
    "InvalidAlarmConfig",
    "Sample",
    "State",
    "TreatMissingData",
    "config_of",
    "datapoints",
    "evaluate",
    "metric_of",
    "next_state",
    "unit_of",
    "window_end",
]
