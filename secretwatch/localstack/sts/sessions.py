"""What LocalStack's STS forgets of temporary keys: whose, with MFA or not, which service's. No I/O."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Session:
    """What stands behind the keys of GetSessionToken, or of GetFederationToken (``federated_name``).

    ``issuer`` is the `Caller` that asked for them; ``creation_date`` is ISO 8601 in UTC; ``mfa`` says whether
    it gave a code of its MFA device; ``policy`` is GetFederationToken's.
    """

    issuer: Any
    creation_date: str
    mfa: bool = False
    federated_name: str | None = None
    policy: str | None = None


class Sessions:
    """Sessions by access key id. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._roles_with_mfa: set[str] = set()
        self._roles_of_services: dict[str, str] = {}

    def add(self, access_key_id: str, session: Session) -> None:
        with self._lock:
            self._sessions[access_key_id] = session

    def get(self, access_key_id: str) -> Session | None:
        return self._sessions.get(access_key_id)

    def add_role_with_mfa(self, access_key_id: str) -> None:
        """AssumeRole was given a code: the role's session, whose keys these are, is one with MFA."""
        with self._lock:
            self._roles_with_mfa.add(access_key_id)

    def has_mfa(self, access_key_id: str) -> bool:
        return access_key_id in self._roles_with_mfa

    def add_role_of_service(self, access_key_id: str, service: str) -> None:
        """A service (its principal, ``states.amazonaws.com``) has assumed the role whose keys these are."""
        with self._lock:
            self._roles_of_services[access_key_id] = service

    def service_of(self, access_key_id: str) -> str | None:
        """The service that has assumed the role; None where no service has."""
        return self._roles_of_services.get(access_key_id)

    def clear(self) -> None:
        with self._lock:
            self._sessions.clear()
            self._roles_with_mfa.clear()
            self._roles_of_services.clear()


SESSIONS = Sessions()
