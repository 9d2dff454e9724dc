"""LocalStack's runtime, bound to the interface that it was told to listen on, with doors that can be shut.

LocalStack itself listens on every interface, whatever host GATEWAY_LISTEN names, and lets everybody in.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from localstack import config
from localstack.aws import handlers
from localstack.aws.components import AwsComponents
from localstack.aws.serving.twisted import TLSMultiplexerFactory
from localstack.runtime.server.twisted import TwistedRuntimeServer
from rolo.serving.twisted import TwistedGateway
from twisted.internet import endpoints, reactor, ssl
from twisted.web import http

from secretwatch.localstack.gateway.doors import Doors, refuse_nameless


class BoundRuntimeServer(TwistedRuntimeServer):
    """Listens on each given host and port, and nowhere else."""

    def register(self, gateway: Any, listen: list[Any], ssl_creds: tuple[str, str] | None = None) -> None:
        site = TwistedGateway(gateway)
        # A tenth of each call: a line for an access log that nobody keeps, and forms that twisted reads, with
        # a parser of e-mails for their type. LocalStack logs calls and reads forms itself.
        site.log = lambda request: None
        http._parseContentType = lambda line: b""
        factory: Any = site
        if ssl_creds:
            certificate, key = ssl_creds
            context_factory = ssl.DefaultOpenSSLContextFactory(key, certificate)
            context_factory.getContext().use_certificate_chain_file(certificate)
            factory = TLSMultiplexerFactory(context_factory, False, site)
        for at in listen:
            kind = (
                endpoints.TCP6ServerEndpoint
                if config.is_ipv6_address(at.host)
                else endpoints.TCP4ServerEndpoint
            )
            kind(reactor, at.port, interface=at.host).listen(factory)


class SecretwatchComponents(AwsComponents):
    """Chosen with RUNTIME_COMPONENTS=secretwatch."""

    name = "secretwatch"

    def should_load(self) -> bool:
        return bool(self.name == config.RUNTIME_COMPONENTS)

    @cached_property
    def gateway(self) -> Any:
        gateway = super().gateway
        found = gateway.request_handlers
        found.insert(found.index(handlers.parse_service_name) + 1, refuse_nameless)
        found.insert(0, Doors())
        return gateway

    @cached_property
    def runtime_server(self) -> BoundRuntimeServer:
        return BoundRuntimeServer()
