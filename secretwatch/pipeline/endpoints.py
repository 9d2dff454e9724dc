"""Who is subscribed, as people may see it. Not here: subscriptions, which keep the whole address."""

from __future__ import annotations

from urllib.parse import urlsplit


def shown(protocol: str, endpoint: str) -> str:
    """An endpoint for a person: of an https address its host alone, since a pager's has its key in it."""
    if protocol not in ("http", "https"):
        return endpoint
    return f"{protocol}://{urlsplit(endpoint).netloc.rpartition('@')[2]}/…"
