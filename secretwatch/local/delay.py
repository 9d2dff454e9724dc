"""AWS's delay in a test: hold delivery, act, and release what happened.

    with held_delivery(cloud) as held:
        secretsmanager.get_secret_value(SecretId="db")
        logs.delete_metric_filter(...)
        held.release()
        # The read arrives now: no filter counts it any more.

Not here: what is held, and what is decided when it arrives (`secretwatch.localstack.cloudtrail.held`).
"""

from __future__ import annotations

import contextlib
from types import TracebackType

from .cloud import LocalCloud
from .errors import NotUp


class HeldDelivery:
    """Delivery of a local cloud, held while this context lasts, whatever ends it.

    Entering it twice is entering it once. What somebody else holds already stays held at the end.
    """

    def __init__(self, cloud: LocalCloud, *channels: str) -> None:
        self._cloud = cloud
        self._channels = channels
        self._to_release: list[str] | None = None
        """What was not held before; None where this was not entered."""

    def __enter__(self) -> HeldDelivery:
        if self._to_release is None:
            self._to_release = self._cloud.hold(*self._channels)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        channels, self._to_release = self._to_release, None
        if channels:
            # A cloud that is gone holds nothing, and what a test has to say of it matters more.
            with contextlib.suppress(NotUp):
                self._cloud.release(*channels)

    def release(
        self, *, first: int | None = None, reordered: bool = False, twice: bool = False
    ) -> dict[str, int]:
        """Let what is held arrive now, and return when it has; as `LocalCloud.release`."""
        released = self._cloud.release(*self._channels, first=first, reordered=reordered, twice=twice)
        if first is None:
            self._to_release = []
        return released

    def hold(self) -> None:
        """Hold again, after a release."""
        newly_held = self._cloud.hold(*self._channels)
        self._to_release = sorted({*(self._to_release or []), *newly_held})

    def calls(self) -> int:
        """How many calls are held, on the channel that has most."""
        held = [
            each for each in self._cloud.held() if not self._channels or each["channel"] in self._channels
        ]
        return max((each["calls"] for each in held), default=0)


def held_delivery(cloud: LocalCloud, *channels: str) -> HeldDelivery:
    """Hold delivery on these of trail, events and history, all by default; for a `with` statement."""
    return HeldDelivery(cloud, *channels)
