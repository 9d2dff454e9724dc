"""Nobody outside is asked where the local cloud is."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from localstack.aws.connect import connect_to
from localstack.utils.aws import aws_stack

from secretwatch.localstack.engine.at_home import stay_at_home


def test_no_name_server_is_asked_where_s3_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def gethostbyname(name: str) -> Any:
        asked.append(name)
        return "203.0.113.7"

    monkeypatch.setattr(aws_stack, "CACHE_S3_HOSTNAME_DNS_STATUS", None)
    monkeypatch.setattr(socket, "gethostbyname", gethostbyname)
    stay_at_home()
    client = connect_to(aws_access_key_id="000000000000", region_name="us-east-1").s3
    assert client.meta.endpoint_url.startswith("http://localhost:")
    assert asked == []
