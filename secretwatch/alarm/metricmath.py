"""Metric math, as far as alarms on sums of metrics need it.

Numbers, ids, `+ - * /`, parentheses, `SUM([a, b])`, `SUM(METRICS())`, `MAX`, `MIN` and `AVG` of such lists,
`FILL(a, n)` and `FILL(METRICS(), n)`. A value is a list of datapoints, one for each period, None for a
missing one. Anything else is InvalidExpression: an alarm on it is kept and never evaluated.

Between two series a datapoint that is missing in one is missing in the result; SUM and its like take what is
there. Division by zero has no datapoint.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence

Series = Sequence[float | None]
_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_OVER_LISTS: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "MAX": max,
    "MIN": min,
    "AVG": lambda values: sum(values) / len(values),
}


class InvalidExpression(ValueError):
    """An expression that is not evaluated here, with a sentence that says why."""


def evaluate_expression(expression: str, series: Mapping[str, Series]) -> list[float | None]:
    """The datapoints of an expression over the metrics, by their ids; all have the same length."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InvalidExpression(f"The expression {expression} cannot be read.") from error
    length = max(map(len, series.values()), default=0)
    value = _Evaluation(series, length).value(tree.body)
    if isinstance(value, float):
        raise InvalidExpression("An expression of numbers alone has no time.")
    if not value or isinstance(value[0], list):
        raise InvalidExpression("The expression is a list of series, not one.")
    return value


Value = float | list[float | None] | list[list[float | None]]


class _Evaluation:
    def __init__(self, series: Mapping[str, Series], length: int) -> None:
        self._series = series
        self._length = length

    def value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return float(number)
            case ast.Name(id=name) if name in self._series:
                return list(self._series[name])
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self._combine(ast.Mult(), -1.0, self.value(inner))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return self._combine(op, self.value(left), self.value(right))
            case ast.List(elts=elements):
                return [self._one(each) for each in elements]
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=[]):
                return self._call(function, arguments)
        raise InvalidExpression(f"{ast.unparse(node)} is not evaluated here.")

    def _one(self, node: ast.expr) -> list[float | None]:
        value = self.value(node)
        if isinstance(value, float):
            return [value] * self._length
        if value and isinstance(value[0], list):
            raise InvalidExpression("A list of lists is no list of series.")
        return value  # type: ignore[return-value]

    def _many(self, node: ast.expr) -> list[list[float | None]]:
        value = self.value(node)
        if isinstance(value, list) and value and isinstance(value[0], list):
            return value
        return [self._one(node)]

    def _call(self, function: str, arguments: list[ast.expr]) -> Value:
        if function == "METRICS" and not arguments:
            return [list(each) for each in self._series.values()]
        if function in _OVER_LISTS and len(arguments) == 1:
            together = zip(*self._many(arguments[0]), strict=True)
            there = ([value for value in moment if value is not None] for moment in together)
            return [_OVER_LISTS[function](values) if values else None for values in there]
        if function == "FILL" and len(arguments) == 2:
            filling = self.value(arguments[1])
            if not isinstance(filling, float):
                raise InvalidExpression("FILL is evaluated here with a number only.")
            filled: list[list[float | None]] = [
                [filling if value is None else value for value in each] for each in self._many(arguments[0])
            ]
            return filled if len(filled) > 1 else filled[0]
        raise InvalidExpression(f"{function} is not evaluated here.")

    def _combine(self, op: ast.operator, left: Value, right: Value) -> Value:
        def calculate(one: float | None, other: float | None) -> float | None:
            if one is None or other is None:
                return None
            try:
                return _OPERATORS[type(op)](one, other)
            except (ZeroDivisionError, OverflowError):
                return None

        if isinstance(left, float) and isinstance(right, float):
            result = calculate(left, right)
            if result is None:
                raise InvalidExpression("A number is divided by zero.")
            return result
        one = [left] * self._length if isinstance(left, float) else left
        other = [right] * self._length if isinstance(right, float) else right
        if any(isinstance(each, list) for each in (*one, *other)):
            raise InvalidExpression("Arithmetic with lists of series is not evaluated here.")
        return [calculate(a, b) for a, b in zip(one, other, strict=True)]  # type: ignore[arg-type]
