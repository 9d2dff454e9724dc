"""Schemas of types that no test names are left out of what a provider says, and nothing else is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from provider import served, trimmed, types_in


def field(number: int, value: bytes | int) -> bytes:
    """A field as https://protobuf.dev/programming-guides/encoding has it."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def entry(type_name: str, size: int = 1000) -> bytes:
    return field(1, type_name.encode()) + field(2, b"s" * size)


def test_only_schemas_of_types_in_use_are_left() -> None:
    others = [field(1, b"the provider's own schema" * 20), field(6, field(1, 1) + field(2, 300))]
    functions = field(7, entry("arn_parse"))
    kept = [field(kind, entry("aws_s3_bucket")) for kind in (2, 3, 8)]
    dropped = [field(kind, entry(name, 0)) for kind in (2, 3, 8) for name in ("aws_s3_bucke", "aws_vpc")]
    whole = b"".join([others[0], *dropped, *kept, others[1], functions])
    assert trimmed(whole, frozenset({"aws_s3_bucket"})) == b"".join([others[0], *kept, others[1], functions])


def test_types_are_found_in_any_text(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text('resource "aws_s3_bucket" "a" {}\n["aws_kms_key.this"] # my_aws_vpc')
    assert types_in([file]) == {"aws_s3_bucket", "aws_kms_key"}


def test_a_provider_that_did_not_begin_in_time_is_started_again(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    binary = tmp_path / "provider"
    said = 'TF_REATTACH_PROVIDERS={"a": {"Addr": {"Network": "unix", "String": "/nowhere"}, "Pid": 1}}'
    binary.write_text(
        f"#!/bin/sh\necho >>{tries}\ntest $(wc -l <{tries}) -lt 3 && exit 1\ncat <<'END'\n{said}\nEND\n"
        "exec sleep 60\n"
    )
    binary.chmod(0o700)
    with served(binary, "registry/aws", os.environ, frozenset()) as found:
        assert json.loads(found)["registry/aws"]["Pid"] == 1
    assert tries.read_text().count("\n") == 3


def test_a_provider_that_never_begins_is_an_error() -> None:
    with (
        pytest.raises(RuntimeError, match="ended without saying"),
        served(Path("/bin/false"), "registry/aws", os.environ, frozenset()),
    ):
        pass
