"""What an alarm tells EventBridge, beside AWS's own examples.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from secretwatch.alarm.statechange import Before, event

AT = datetime(2019, 10, 2, 17, 4, 40, 985999, tzinfo=UTC)
BEFORE = Before(
    value="OK", reason="was fine", reason_data='{"version":"1.0"}', since=datetime(2019, 10, 1, tzinfo=UTC)
)
ALARM: dict[str, Any] = {
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:ServerCpuTooHigh",
    "AlarmName": "ServerCpuTooHigh",
    "AlarmDescription": "Goes off",
    "StateValue": "ALARM",
    "StateReason": "Threshold Crossed",
    "StateReasonData": '{"version":"1.0","period":300}',
    "StateUpdatedTimestamp": AT,
}
METRIC = {
    "Namespace": "AWS/EC2",
    "MetricName": "CPUUtilization",
    "Dimensions": [{"Name": "InstanceId", "Value": "i-1"}],
}


def of(**more: Any) -> dict[str, Any]:
    return event({**ALARM, **more}, BEFORE, account_id="123456789012", event_id="e1")


def test_the_envelope_is_eventbridges() -> None:
    told = of(**METRIC, Period=300, Statistic="Average")
    detail = told.pop("detail")
    assert told == {
        "version": "0",
        "id": "e1",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "123456789012",
        "time": "2019-10-02T17:04:40Z",
        "region": "us-east-1",
        "resources": [ALARM["AlarmArn"]],
    }
    assert sorted(detail) == ["alarmName", "configuration", "previousState", "state"]
    assert detail["alarmName"] == "ServerCpuTooHigh"


def test_both_states_have_their_time_in_milliseconds_and_their_data_as_text() -> None:
    detail = of(**METRIC, Period=300, Statistic="Average")["detail"]
    assert detail["state"]["timestamp"] == "2019-10-02T17:04:40.985+0000"
    assert json.loads(detail["state"]["reasonData"])["period"] == 300
    assert detail["previousState"] == {
        "value": "OK",
        "reason": "was fine",
        "reasonData": '{"version":"1.0"}',
        "timestamp": "2019-10-01T00:00:00.000+0000",
    }


def test_a_state_set_by_hand_has_no_data() -> None:
    assert "reasonData" not in of(**METRIC, StateReasonData=None)["detail"]["state"]


def test_one_metric_is_a_list_of_one() -> None:
    configuration = of(**METRIC, Period=300, Statistic="Average")["detail"]["configuration"]
    (metric,) = configuration["metrics"]
    assert configuration["description"] == "Goes off"
    assert metric.pop("id")
    assert metric == {
        "metricStat": {
            "metric": {"namespace": "AWS/EC2", "name": "CPUUtilization", "dimensions": {"InstanceId": "i-1"}},
            "period": 300,
            "stat": "Average",
        },
        "returnData": True,
    }


def test_metric_math_is_told_as_it_was_put() -> None:
    metrics = [
        {"Id": "e", "Expression": "FILL(m, 0)", "Label": "filled", "ReturnData": True},
        {
            "Id": "m",
            "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "p99", "Unit": "Count"},
            "ReturnData": False,
        },
    ]
    told = of(Metrics=metrics, AlarmDescription=None)["detail"]["configuration"]
    assert "description" not in told
    assert told["metrics"][0] == {
        "id": "e",
        "expression": "FILL(m, 0)",
        "label": "filled",
        "returnData": True,
    }
    assert told["metrics"][1]["metricStat"]["unit"] == "Count"
    assert told["metrics"][1]["returnData"] is False
