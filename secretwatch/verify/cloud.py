"""The account and region that experiments run in: clients, and ARNs of what is there."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from botocore.config import Config

from secretwatch.newer_operations import extend_session
from secretwatch.pipeline.aws import is_local


@dataclass
class Cloud:
    """session: a boto3.Session with a region. caller: the ARN of whoever calls."""

    session: Any
    region: str
    account: str
    partition: str
    caller: str
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(cls, session: Any, region: str) -> Cloud:
        """Asks STS who calls. Raises botocore's errors.

        The session's clients also know the operations that a botocore of some months ago lacks.
        """
        extend_session(session)
        identity = session.client("sts", region_name=region).get_caller_identity()
        caller = str(identity["Arn"])
        return cls(session, region, str(identity["Account"]), caller.split(":")[1], caller)

    def client(self, service: str, region: str | None = None) -> Any:
        """A client, the same one each time. Clients may be used by several threads, but not made by them."""
        key = f"{service}/{region or self.region}"
        with self._lock:
            if key not in self._clients:
                config = Config(
                    connect_timeout=10, read_timeout=60, retries={"total_max_attempts": 6, "mode": "standard"}
                )
                self._clients[key] = self.session.client(
                    service, region_name=region or self.region, config=config
                )
            return self._clients[key]

    def arn(self, service: str, resource: str) -> str:
        region = "" if service in ("iam", "s3") else self.region
        account = "" if service == "s3" else self.account
        return f"arn:{self.partition}:{service}:{region}:{account}:{resource}"

    @property
    def endpoint(self) -> str:
        """Where logs are, as one example."""
        return str(self.client("logs").meta.endpoint_url)

    @property
    def is_local(self) -> bool:
        """Whether this is a cloud on this machine, where nothing takes minutes."""
        return is_local(self.endpoint)
