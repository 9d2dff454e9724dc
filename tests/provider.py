"""The AWS provider as a server for many runs of Terraform, with the schemas of the types that are used here.

Each run of Terraform starts the provider several times and reads the schemas of 1,500 types: 4 s of processor
time, whatever else it does. Here the provider runs once (`-debug` is its own flag for that, see
https://developer.hashicorp.com/terraform/plugin/debugging), and Terraform talks to it through a relay that
hands on every call as it is, and leaves the types that no file here names out of the schemas. A provider has
one configuration at a time, so there is another one for each that a root module's provider blocks ask for.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

_SERVICE = "/tfplugin5.Provider/"
_SCHEMAS = f"{_SERVICE}GetSchema"
_CONFIGURE = f"{_SERVICE}Configure"
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
    """Hands calls on to a provider: the one that was configured as the caller asked for.

    start: starts one, and answers the channel to it.
    """

    def __init__(self, start: Callable[[], Any], types: frozenset[str]) -> None:
        self._start = start
        self._first = start()
        self._configured: dict[bytes, Any] = {}
        self._of_caller: dict[str, Any] = {}
        self._configuring = threading.Lock()
        self._call = functools.cache(lambda channel, method: channel.unary_unary(method))
        self._trimmed = functools.cache(
            lambda request: trimmed(self._call(self._first, _SCHEMAS)(request), types)
        )

    def service(self, call: Any) -> Any:
        """Who answers a call: nobody what is not the provider's, such as that it should end."""
        if not call.method.startswith(_SERVICE):
            return None

        def answer(request: bytes, context: Any) -> Any:
            try:
                if call.method == _SCHEMAS:
                    return self._trimmed(request)
                if call.method == _CONFIGURE:
                    self._configure(context.peer(), request)
                channel = self._of_caller.get(context.peer(), self._first)
                return self._call(channel, call.method)(request)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())

        return grpc.unary_unary_rpc_method_handler(answer)

    def _configure(self, caller: str, request: bytes) -> None:
        with self._configuring:
            if request not in self._configured:
                self._configured[request] = self._start() if self._configured else self._first
        self._of_caller[caller] = self._configured[request]


@contextlib.contextmanager
def served(binary: Path, address: str, environ: Mapping[str, str], types: frozenset[str]) -> Iterator[str]:
    """A provider with the environment `environ`; the value of TF_REATTACH_PROVIDERS for it.

    `address` is as Terraform knows the provider: `registry.terraform.io/hashicorp/aws`. Raises RuntimeError
    where it does not start.
    """
    with contextlib.ExitStack() as stack:
        said: list[dict[str, Any]] = []

        def start() -> Any:
            said.append(_patiently(stack, binary, environ))
            at = f"unix:{said[-1]['Addr']['String']}"
            return stack.enter_context(grpc.insecure_channel(at, options=_ANY_LENGTH))

        relay = grpc.server(ThreadPoolExecutor(64), (_Relay(start, types),), options=_ANY_LENGTH)
        # Not a socket in a folder, whose callers could not be told apart.
        port = relay.add_insecure_port("127.0.0.1:0")
        relay.start()
        stack.callback(lambda: relay.stop(None).wait())
        here = {"Addr": {"Network": "tcp", "String": f"127.0.0.1:{port}"}}
        yield json.dumps({address: said[0] | here})


# It ends with the shell's standard input, and so with this process in any case; Ctrl-C is not for it. The
# shell ends with it, and whoever waits only for the input holds nothing that is read here.
_TIED = """
exec 3<&0
"$0" -debug </dev/null 3<&- &
provider=$!
{ cat <&3; kill $provider; } >/dev/null 2>&1 3<&3 &
exec 3<&- <&-
wait $provider
"""

# It ends where it takes longer than two seconds to begin, which a busy machine does.
# https://github.com/hashicorp/terraform-plugin-go/blob/main/tfprotov5/tf5server/server.go
_TRIES = 10


def _patiently(stack: contextlib.ExitStack, binary: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    for _ in range(_TRIES - 1):
        with contextlib.suppress(RuntimeError):
            return stack.enter_context(_started(binary, environ))
    return stack.enter_context(_started(binary, environ))


@contextlib.contextmanager
def _started(binary: Path, environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """One provider: what it says of itself and where it listens."""
    with contextlib.ExitStack() as stack:
        # Sockets, whose paths have a hundred characters at most. The provider leaves its own behind.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="relay-"))
        process = subprocess.Popen(
            ["sh", "-c", _TIED, binary],
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
        yield facts
