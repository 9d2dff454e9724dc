"""How many examples a property tries: a quarter of them in every run, all of them with `-m later`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

_ALL = False


def try_all(config: pytest.Config) -> None:
    """Before tests are collected: whether all examples are asked for."""
    global _ALL
    _ALL = config.option.markexpr == "later"


def mark_later(items: list[pytest.Item]) -> None:
    """What has more to try then is among the tests of `-m later`, too."""
    for item in items if _ALL else ():
        if item.get_closest_marker("deep"):
            item.add_marker(pytest.mark.later)


def some(count: int) -> int:
    return count if _ALL else max(1, count // 4)


def deep(count: int, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """For a property of hypothesis': count examples, or some of them."""
    return lambda test: pytest.mark.deep(settings(max_examples=some(count), **options)(test))
