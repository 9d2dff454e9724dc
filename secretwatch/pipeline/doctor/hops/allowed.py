"""Whether the policies that were found let requests through; shared by the hops that deliver something."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from secretwatch.policy import MalformedPolicy, Request, authorize


def refusal(
    requests: Iterable[Request], *, resource: str | None = None, caller: list[Any] | None = None
) -> str:
    """Why the first of the requests that is refused is; "" where all are allowed.

    resource: the policy of what is asked for; caller: those of who asks.
    """
    try:
        for request in requests:
            decision = authorize(request, identity_policies=caller or (), resource_policy=resource or None)
            if not decision.allowed:
                return decision.reason
    except MalformedPolicy as error:
        return str(error)
    return ""
