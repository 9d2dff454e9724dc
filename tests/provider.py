"""The AWS provider as a server for many runs of Terraform, with the schemas of the types that are used here.

Each run of Terraform starts the provider several times and reads the schemas of 1,500 types: 4 s of processor
time, whatever else it does. Here the provider runs once (`-debug` is its own flag for that, see
https://developer.hashicorp.com/terraform/plugin/debugging), and Terraform talks to it through a relay that
hands on every call as it is, and leaves the types that no file here names out of the schemas.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

_SERVICE = "/tfplugin5.Provider/"
_SCHEMAS = f"{_SERVICE}GetSchema"
_ANY_LENGTH = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]

# Fields of tfplugin5's GetProviderSchema.Response that are maps from a type to its schema: resources, data
# sources, ephemeral resources.
_MAPS = {2, 3, 8}


def types_in(files: Iterable[Path]) -> frozenset[str]:
    """Names of the provider's types in these files."""
    return frozenset(name for file in files for name in re.findall(r"\baws_[a-z0-9_]+", file.read_text()))


def trimmed(schemas: bytes, types: frozenset[str]) -> bytes:
    """A GetProviderSchema.Response without the schemas of types that are not among `types`."""
    kept = []
    for number, start, value, end in _fields(schemas, 0, len(schemas)):
        if number in _MAPS:
            key = next(schemas[v:e] for n, _, v, e in _fields(schemas, value, end) if n == 1)
            if key.decode() not in types:
                continue
        kept.append(schemas[start:end])
    return b"".join(kept)


def _fields(message: bytes, at: int, until: int) -> Iterator[tuple[int, int, int, int]]:
    """Of each field its number, where it begins, and where its value begins and ends.

    https://protobuf.dev/programming-guides/encoding; there are only numbers and what says its length.
    """
    while at < until:
        start = at
        tag, at = _number(message, at)
        after, past = _number(message, at)
        if tag & 7 == 2:
            at, past = past, past + after
        else:
            assert tag & 7 == 0, "a field of a kind that the schemas did not have"
        yield tag >> 3, start, at, past
        at = past


def _number(message: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, lowest first, and where it ends."""
    value = shift = 0
    while message[at] & 0x80:
        value |= (message[at] & 0x7F) << shift
        shift += 7
        at += 1
    return value | message[at] << shift, at + 1


class _Relay(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Hands calls on to the provider at the other end of `channel`."""

    def __init__(self, channel: Any, types: frozenset[str]) -> None:
        self._call = functools.cache(channel.unary_unary)
        self._trimmed = functools.cache(lambda request: trimmed(self._call(_SCHEMAS)(request), types))

    def service(self, call: Any) -> Any:
        """Who answers a call: nobody what is not the provider's, such as that it should end."""
        if not call.method.startswith(_SERVICE):
            return None
        forward = self._trimmed if call.method == _SCHEMAS else self._call(call.method)

        def answer(request: bytes, context: Any) -> Any:
            try:
                return forward(request)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())

        return grpc.unary_unary_rpc_method_handler(answer)


@contextlib.contextmanager
def served(binary: Path, address: str, environ: Mapping[str, str], types: frozenset[str]) -> Iterator[str]:
    """A provider with the environment `environ`; the value of TF_REATTACH_PROVIDERS for it.

    `address` is as Terraform knows the provider: `registry.terraform.io/hashicorp/aws`. Raises RuntimeError
    where it does not start.
    """
    with contextlib.ExitStack() as stack:
        # Sockets, whose paths have a hundred characters at most. The provider leaves its own behind.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="relay-"))
        process = subprocess.Popen(
            # It ends with its standard input, and so with this process in any case. Ctrl-C is not for it.
            ["sh", "-c", '"$0" -debug </dev/null & cat; kill $!; wait', binary],
            env={**environ, "TMPDIR": folder},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        assert process.stdin
        assert process.stdout
        stack.callback(process.wait)
        stack.callback(process.stdout.close)
        stack.callback(process.stdin.close)
        said = next((line for line in process.stdout if "TF_REATTACH_PROVIDERS=" in line), None)
        if said is None:
            raise RuntimeError(f"{binary} -debug ended without saying where it listens.")
        (facts,) = json.loads(said[said.index("{") : said.rindex("}") + 1]).values()
        provider = grpc.insecure_channel(f"unix:{facts['Addr']['String']}", options=_ANY_LENGTH)
        stack.enter_context(provider)
        relay = grpc.server(ThreadPoolExecutor(64), (_Relay(provider, types),), options=_ANY_LENGTH)
        relay.add_insecure_port(f"unix:{folder}/socket")
        relay.start()
        stack.callback(lambda: relay.stop(None).wait())
        facts["Addr"]["String"] = f"{folder}/socket"
        yield json.dumps({address: facts})
