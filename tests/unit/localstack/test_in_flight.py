"""An orderly stop waits for the requests that are being answered, and for no others."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from secretwatch.localstack.gateway.in_flight import InFlight


class Chain:
    terminated = False

    def terminate(self) -> None:
        self.terminated = True


def request(internal: bool = False) -> Any:
    return SimpleNamespace(is_internal_call=internal)


def test_a_stop_waits_until_the_request_has_ended() -> None:
    in_flight = InFlight()
    context = request()
    in_flight.enter(Chain(), context, SimpleNamespace())
    assert in_flight.drain(0) == 1
    threading.Timer(0.05, in_flight.leave, (None, context, None)).start()
    assert in_flight.drain(30) == 0


def test_a_request_that_comes_after_the_stop_is_refused() -> None:
    in_flight = InFlight()
    assert in_flight.drain(0) == 0
    chain, response = Chain(), SimpleNamespace(status_code=200)
    in_flight.enter(chain, request(), response)
    assert (chain.terminated, response.status_code) == (True, 503)
    assert in_flight.drain(0) == 0


def test_calls_between_services_are_neither_counted_nor_refused() -> None:
    in_flight = InFlight()
    in_flight.enter(Chain(), request(internal=True), SimpleNamespace())
    assert in_flight.drain(0) == 0
    chain = Chain()
    in_flight.enter(chain, request(internal=True), SimpleNamespace())
    assert not chain.terminated
