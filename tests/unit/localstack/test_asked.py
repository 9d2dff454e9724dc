"""Which request handlers see a call."""

from types import SimpleNamespace
from typing import Any

import pytest

from secretwatch.localstack.gateway.asked import Asked


class OfService:
    """Notes what it is asked."""

    def __init__(self, service: str, seen: list[str]) -> None:
        self.service, self.seen, self.times = service, seen, 0

    def concerns(self, service: str, _operation: Any) -> bool:
        self.times += 1
        return service == self.service

    def __call__(self, _chain: Any, _context: Any, _response: Any) -> None:
        self.seen.append(self.service)


def call(service: str | None, operation: str | None = "Get", *, internal: bool = False) -> Any:
    return SimpleNamespace(
        service=service and SimpleNamespace(service_name=service),
        operation=operation and SimpleNamespace(name=operation),
        is_internal_call=internal,
    )


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (call("logs"), ["always", "logs"]),
        (call("sns"), ["always", "sns"]),
        (call("sqs"), ["always"]),
        (call("logs", internal=True), ["logs"]),
        (call("sns", internal=True), []),
        (call("sns", None), []),
        (call(None), []),
    ],
)
def test_a_call_is_shown_to_those_that_it_concerns(context: Any, expected: list[str]) -> None:
    seen: list[str] = []
    sns, logs = OfService("sns", seen), OfService("logs", seen)
    asked = Asked([lambda *_: seen.append("always")], [sns, logs], [logs])
    for _ in range(2):
        asked(None, context, None)
    assert seen == expected * 2


def test_whom_an_operation_concerns_is_asked_once() -> None:
    sns = OfService("sns", [])
    asked = Asked([], [sns], [])
    for operation in ("Publish", "Publish", "Subscribe"):
        asked(None, call("sns", operation), None)
    assert sns.times == 2
    assert sns.seen == ["sns"] * 3
