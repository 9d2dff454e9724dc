"""Plans of any root module, as `terraform show -json` prints them, by hand."""

from __future__ import annotations

from typing import Any

from history import PATTERN


def resource(kind: str, name: str, /, **values: Any) -> dict[str, Any]:
    """What is not known before an apply is left out of the values: give it as ... here."""
    known = {key: value for key, value in values.items() if value is not ...}
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "values": known}


def filter_(name: str, metric: Any = "m", namespace: str = "n", **more: Any) -> dict[str, Any]:
    pattern = more.pop("pattern", PATTERN)
    made = {"name": metric, "namespace": namespace, "value": "1", **more}
    known = {key: value for key, value in made.items() if value is not ...}
    kind = "aws_cloudwatch_log_metric_filter"
    return resource(kind, name, name=name, pattern=pattern, metric_transformation=[known])


def alarm(name: str, **more: Any) -> dict[str, Any]:
    """One read within five minutes."""
    values = {
        "alarm_name": name,
        "alarm_actions": ["arn:aws:sns:eu-central-1:111122223333:ops"],
        "comparison_operator": "GreaterThanOrEqualToThreshold",
        "evaluation_periods": 1,
        "metric_name": "m",
        "metric_query": [],
        "namespace": "n",
        "period": 300,
        "statistic": "Sum",
        "threshold": 1,
        "treat_missing_data": "notBreaching",
    }
    return resource("aws_cloudwatch_metric_alarm", name, **values | more)


def on_metrics(name: str, expression: str, *metrics: str, **more: Any) -> dict[str, Any]:
    """An alarm on an expression of metrics m0, m1, and so on."""
    queries = [{"id": "e", "expression": expression, "return_data": True, "metric": []}]
    for number, metric in enumerate(metrics):
        stat = {"metric_name": metric, "namespace": "n", "period": 300, "stat": "Sum", "dimensions": {}}
        queries.append({"id": f"m{number}", "expression": "", "return_data": False, "metric": [stat]})
    nothing = dict.fromkeys(("metric_name", "namespace", "period", "statistic"))
    return alarm(name, **nothing, metric_query=queries, **more)


def plan(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"planned_values": {"root_module": {"resources": list(resources)}}}
