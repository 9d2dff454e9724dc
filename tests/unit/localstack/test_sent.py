"""What is kept of a request before anybody can change it."""

from __future__ import annotations

import io

from secretwatch.localstack.gateway.sent import copy_of


def test_what_is_changed_later_does_not_change_what_was_sent() -> None:
    request = {"Name": "/p", "Rules": [{"Status": "Enabled"}], "Block": {"Acls": True}}
    kept = copy_of(request)
    request["Name"] = "p"
    request["Rules"][0]["ID"] = "new"  # type: ignore[index]
    request["Block"]["Policy"] = False  # type: ignore[index]
    assert kept == {"Name": "/p", "Rules": [{"Status": "Enabled"}], "Block": {"Acls": True}}


def test_bodies_are_neither_read_nor_copied() -> None:
    body, code = io.BytesIO(b"3 coffees"), b"x" * 1000
    kept = copy_of({"Body": body, "Code": {"ZipFile": code}})
    assert kept["Body"] is body
    assert body.tell() == 0
    assert kept["Code"]["ZipFile"] is code


def test_a_request_of_many_values_is_kept_as_it_is() -> None:
    request = {"Entries": [{"Id": str(number)} for number in range(10)]}
    assert copy_of(request, most=20) is request
    assert copy_of(request, most=21) is not request
