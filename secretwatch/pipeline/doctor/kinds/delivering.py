"""How SNS delivers to an http or https endpoint: what a topic's policy and a subscription's make of it.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html#creating-delivery-policy
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from secretwatch.pipeline.doctor.same import document

_DEFAULTS = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "numMaxDelayRetries": 0,
}
_AS_TEXT = "text/plain; charset=UTF-8"


@dataclass(frozen=True)
class Delivering:
    """tries: again, after the first. seconds: in which they are made. per_second: None for any number."""

    tries: int
    seconds: float
    per_second: int | None
    content_type: str

    def is_as_good_as(self, other: Delivering) -> bool:
        is_fast = self.per_second is None or (
            other.per_second is not None and self.per_second >= other.per_second
        )
        is_patient = self.tries >= other.tries and self.seconds >= other.seconds
        return is_fast and is_patient and self.content_type == other.content_type


def delivering(subscription: Any, topic: Any = None) -> Delivering:
    """subscription, topic: their DeliveryPolicy, as SNS keeps it, or none.

    A topic's word counts where a subscription has none, or may have none.
    """
    own, given = _inner(subscription), _inner(topic)
    if given.get("disableSubscriptionOverrides") in (True, "true"):
        own = {}

    def part(name: str) -> dict[str, Any]:
        return own.get(name) or given.get(f"default{name[0].upper()}{name[1:]}") or {}

    retries = {**_DEFAULTS, **{name: value for name, value in part("healthyRetryPolicy").items() if value}}
    if part("healthyRetryPolicy").get("numRetries") == 0:
        retries["numRetries"] = 0
    return Delivering(
        tries=int(retries["numRetries"]),
        seconds=_seconds(retries),
        per_second=part("throttlePolicy").get("maxReceivesPerSecond"),
        content_type=part("requestPolicy").get("headerContentType") or _AS_TEXT,
    )


def _inner(policy: Any) -> dict[str, Any]:
    found = document(policy)
    found = found if isinstance(found, dict) else {}
    of_http = found.get("http", found)
    return of_http if isinstance(of_http, dict) else {}


def _seconds(retries: dict[str, Any]) -> float:
    """At once, then at the least delay, then growing, then at the greatest: those that grow at the mean."""
    least, most = retries["minDelayTarget"], retries["maxDelayTarget"]
    phases = [retries[name] for name in ("numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries")]
    growing = max(0, retries["numRetries"] - sum(phases))
    return float(phases[1] * least + growing * (least + most) / 2 + phases[2] * most)
