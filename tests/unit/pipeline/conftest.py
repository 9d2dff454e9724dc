from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fake_cloud import FACTS, AtOnce, Cloud, Told

from secretwatch.pipeline import inbox
from secretwatch.pipeline.smoke import Smoke
from secretwatch.pipeline.watch import Watch


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    found = Cloud()
    monkeypatch.setattr(inbox, "messages", lambda endpoint_url: found.mails)
    return found


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def smoke(cloud: Cloud, told: Told) -> Callable[..., Smoke]:
    def make(watch: dict[str, Any] | None = None, **options: Any) -> Smoke:
        return Smoke(
            Watch.from_outputs({"watch": {"value": FACTS | (watch or {})}}),
            cloud,
            clock=cloud.clock,
            executor=AtOnce(),
            observer=told,
            **options,
        )

    return make
