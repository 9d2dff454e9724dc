"""How many examples a property tries: a part of them in every run, all of them with `-m later`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

_ALL = False

# No asserted timings: a loaded machine takes long for an example, or to make one up.
_ANY_MACHINE: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("some", max_examples=40, **_ANY_MACHINE)
settings.register_profile("all", max_examples=100, **_ANY_MACHINE)


def try_all(config: pytest.Config) -> None:
    """Before tests are collected: whether all examples are asked for."""
    global _ALL
    _ALL = config.option.markexpr == "later"
    settings.load_profile("all" if _ALL else "some")


def mark_later(items: list[pytest.Item]) -> None:
    """What has more to try then is among the tests of `-m later`, too."""
    for item in items if _ALL else ():
        is_property = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if is_property or item.get_closest_marker("deep"):
            item.add_marker(pytest.mark.later)


def some(count: int) -> int:
    return count if _ALL else max(1, count // 4)


def deep(count: int, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """For a property of hypothesis': count examples, or some of them."""
    return lambda test: pytest.mark.deep(settings(max_examples=some(count), **options)(test))
