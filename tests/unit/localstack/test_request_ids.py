from __future__ import annotations

import re
import uuid

import pytest

pytest.importorskip("localstack")

from localstack.aws.api import core
from localstack.utils.xray.traceid import TraceId

from secretwatch.localstack.gateway.request_ids import new_id, number_requests


def test_an_id_is_a_random_uuid_and_never_the_same() -> None:
    made = [new_id() for _ in range(10_000)]
    assert len(set(made)) == len(made)
    for each in made:
        assert str(uuid.UUID(each)) == each
        assert (uuid.UUID(each).version, uuid.UUID(each).variant) == (4, uuid.RFC_4122)


def test_requests_and_traces_are_numbered_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "long_uid", core.long_uid)
    monkeypatch.setattr(TraceId, "__init__", TraceId.__init__)
    number_requests()

    def no_system(_count: int) -> bytes:
        raise AssertionError("the system was asked")

    monkeypatch.setattr("os.urandom", no_system)
    assert uuid.UUID(core.long_uid()).version == 4
    # Root=1-5759e988-bd862e3fe1be46a994272793, as in the documentation of X-Ray.
    traces = {TraceId().to_id() for _ in range(1000)}
    assert len(traces) == 1000
    assert all(re.fullmatch("1-[0-9a-f]{8}-[0-9a-f]{24}", trace) for trace in traces)
