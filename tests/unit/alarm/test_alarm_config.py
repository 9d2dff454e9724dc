"""What an alarm may be set to."""

import pytest

from secretwatch.alarm import AlarmConfig, InvalidAlarmConfig, config_of, metric_of, unit_of

GOOD = {
    "statistic": "Sum",
    "period": 300,
    "evaluation_periods": 3,
    "comparison_operator": "GreaterThanOrEqualToThreshold",
    "threshold": 1,
}


@pytest.mark.parametrize(
    "change",
    [
        {"period": 10},
        {"period": 20},
        {"period": 30},
        {"period": 60},
        {"period": 86_400, "evaluation_periods": 7},
        {"period": 3600, "evaluation_periods": 168},
        {"period": 60, "evaluation_periods": 1440},
        {"datapoints_to_alarm": 1},
        {"datapoints_to_alarm": 3},
        {"threshold": -0.5},
        {"treat_missing_data": "ignore"},
        {"statistic": "p99.9", "evaluate_low_sample_count_percentile": "ignore"},
        {"statistic": "SampleCount"},
        {"statistic": "tm90"},
        {"statistic": "TM(10%:90%)"},
        {"statistic": "PR(:300)"},
        {"statistic": "IQM"},
    ],
)
def test_taken(change):
    AlarmConfig(**{**GOOD, **change})


@pytest.mark.parametrize(
    ("change", "parameter", "said"),
    [
        ({"period": 0}, "period", "from 1, not 0"),
        ({"period": 5}, "period", "10, 20, 30 or a multiple of 60"),
        ({"period": 90}, "period", "not 90"),
        ({"period": 60.0}, "period", "whole number"),
        ({"period": True}, "period", "whole number"),
        ({"evaluation_periods": 0}, "evaluation_periods", "from 1"),
        ({"period": 60, "evaluation_periods": 1441}, "evaluation_periods", "86,400"),
        ({"period": 3540, "evaluation_periods": 25}, "evaluation_periods", "86,400"),
        ({"period": 3600, "evaluation_periods": 169}, "evaluation_periods", "604,800"),
        ({"datapoints_to_alarm": 0}, "datapoints_to_alarm", "from 1"),
        ({"datapoints_to_alarm": 4}, "datapoints_to_alarm", "at most 3"),
        ({"comparison_operator": ">="}, "comparison_operator", "GreaterThanThreshold, "),
        ({"comparison_operator": "GreaterThanUpperThreshold"}, "comparison_operator", "static threshold"),
        ({"threshold": float("nan")}, "threshold", "finite"),
        ({"threshold": float("inf")}, "threshold", "finite"),
        ({"threshold": "1"}, "threshold", "'1'"),
        ({"treat_missing_data": "notbreaching"}, "treat_missing_data", "notBreaching"),
        ({"evaluate_low_sample_count_percentile": "no"}, "evaluate_low_sample_count_percentile", "ignore"),
        ({"statistic": "sum"}, "statistic", "Sum, Average"),
        ({"statistic": "p101"}, "statistic", "'p101'"),
        ({"statistic": "p"}, "statistic", "'p'"),
        ({"statistic": "TM(:)"}, "statistic", "TM(a:b)"),
        ({"statistic": "TM(90%:10%)"}, "statistic", "TM(a:b)"),
        ({"statistic": "TM(10%:90)"}, "statistic", "TM(a:b)"),
        ({"statistic": "TM(10%:110%)"}, "statistic", "between 0 and 100"),
        ({"statistic": "PR(10%:90%)"}, "statistic", "PR(a:b)"),
        ({"statistic": None}, "statistic", "None"),
    ],
)
def test_refused(change, parameter, said):
    with pytest.raises(InvalidAlarmConfig) as refused:
        AlarmConfig(**{**GOOD, **change})
    assert refused.value.parameter == parameter
    assert said in str(refused.value)
    assert str(refused.value).endswith(".")
    assert isinstance(refused.value, ValueError)


def test_all_periods_have_to_breach_unless_said_otherwise():
    assert AlarmConfig(**GOOD).needed == 3
    assert AlarmConfig(**GOOD, datapoints_to_alarm=2).needed == 2


def test_missing_data_is_missing_unless_said_otherwise():
    assert AlarmConfig(**GOOD).treat_missing_data == "missing"


def test_more_is_retrieved_than_is_evaluated():
    assert AlarmConfig(**GOOD).evaluation_range == 5


@pytest.mark.parametrize(
    ("operator", "breaching"),
    [
        ("GreaterThanThreshold", [False, False, True]),
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_comparison_operators(operator, breaching):
    config = AlarmConfig(**{**GOOD, "comparison_operator": operator})
    assert [config.breaches(value) for value in (0.5, 1.0, 1.5)] == breaching


# Alarms as DescribeAlarms answers them

METRIC = {"Namespace": "n", "MetricName": "reads"}
READS = {
    "Id": "reads",
    "MetricStat": {"Metric": METRIC, "Period": 300, "Stat": "SampleCount", "Unit": "Count"},
    "ReturnData": False,
}
ON_MATH = {
    "EvaluationPeriods": 2,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Threshold": 3,
    "TreatMissingData": "notBreaching",
}


def filled(expression, *metrics):
    returned = {"Id": "e", "Expression": expression, "ReturnData": True}
    return {**ON_MATH, "Metrics": [returned, *metrics]}


@pytest.mark.parametrize(
    ("expression", "fill"), [("FILL(reads, 0)", 0.0), (" FILL( reads,-1.5 ) ", -1.5), ("FILL(reads,2)", 2.0)]
)
def test_an_alarm_on_a_metric_whose_gaps_are_filled(expression, fill):
    alarm = filled(expression, READS)
    config = config_of(alarm)
    assert (config.statistic, config.period, config.unit, config.fill) == ("SampleCount", 300, "Count", fill)
    assert (config.evaluation_periods, config.threshold) == (2, 3)
    assert (metric_of(alarm), unit_of(alarm)) == (METRIC, "Count")


def test_a_list_that_is_a_metric_is_as_an_alarm_on_it():
    config = config_of({**ON_MATH, "Metrics": [{**READS, "ReturnData": True}]})
    assert (config.statistic, config.fill) == ("SampleCount", None)


@pytest.mark.parametrize(
    "expression", ["reads * 2", "FILL(other, 0)", "FILL(reads, REPEAT)", "SUM(METRICS())"]
)
def test_other_metric_math_is_not_covered(expression):
    with pytest.raises(InvalidAlarmConfig, match="FILL of one metric"):
        config_of(filled(expression, READS))


def test_of_two_metrics_none_is_the_alarms():
    alarm = filled("FILL(reads, 0)", READS, {**READS, "Id": "more"})
    assert (metric_of(alarm), unit_of(alarm)) == (None, None)
    with pytest.raises(InvalidAlarmConfig):
        config_of(alarm)
