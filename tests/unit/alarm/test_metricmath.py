"""Metric math as alarms on sums of metrics use it."""

from __future__ import annotations

import pytest

from secretwatch.alarm.metricmath import InvalidExpression, evaluate_expression

SERIES = {"a": [1.0, None, 3.0], "b": [10.0, 20.0, None], "zero": [0.0, 0.0, 0.0]}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a", [1.0, None, 3.0]),
        ("a + b", [11.0, None, None]),
        ("a * 2 - 1", [1.0, None, 5.0]),
        ("-(a)", [-1.0, None, -3.0]),
        ("10 / a", [10.0, None, 10 / 3]),
        ("a / zero", [None, None, None]),
        ("SUM([a, b])", [11.0, 20.0, 3.0]),
        ("SUM(METRICS())", [11.0, 20.0, 3.0]),
        ("MAX([a, b])", [10.0, 20.0, 3.0]),
        ("MIN([a, b])", [1.0, 20.0, 3.0]),
        ("AVG([a, b])", [5.5, 20.0, 3.0]),
        ("FILL(a, 0) + FILL(b, 0)", [11.0, 20.0, 3.0]),
        ("FILL(a, 0)", [1.0, 0.0, 3.0]),
        ("SUM(FILL(METRICS(), 1))", [11.0, 21.0, 4.0]),
        (" SUM([a]) ", [1.0, None, 3.0]),
    ],
)
def test_expressions(expression: str, expected: list[float | None]) -> None:
    assert evaluate_expression(expression, SERIES) == pytest.approx(expected)


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "",
            "a +",
            "1",
            "1 / 0 + a",
            "METRICS()",
            "[a, b]",
            "unknown",
            "RATE(a)",
            "FILL(a, REPEAT)",
            "a > 1",
        ),
        *(
            "ANOMALY_DETECTION_BAND(a)",
            "SEARCH('x', 'Sum')",
            "a.real",
            "__import__('os')",
            "SUM(a, b)",
            "a ** 2",
        ),
        *("True + a", "'a' * 3", "(lambda: 1)()", "[a] + [b]"),
    ],
)
def test_what_is_not_evaluated(expression: str) -> None:
    with pytest.raises(InvalidExpression):
        evaluate_expression(expression, SERIES)
