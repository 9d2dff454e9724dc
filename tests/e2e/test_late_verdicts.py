"""The verdicts of smoke, compare and doctor, where events arrive long after the read, as on AWS.

Delivery is held until they wait for the read, then released: in order, out of order, twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from channels import Channels

from secretwatch import local
from secretwatch.pipeline.compare import Compare
from secretwatch.pipeline.doctor.examine import Doctor
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.smoke import Smoke
from secretwatch.pipeline.watch import Watch

Held = Callable[..., local.HeldDelivery]
HOW: list[dict[str, Any]] = [{}, {"reordered": True}, {"twice": True}]
IDS = ["in order", "reordered", "twice"]


@pytest.fixture
def account(aws: dict[str, str]) -> Iterator[Channels]:
    made = Channels()
    yield made
    made.remove()


def watch(account: Channels) -> Watch:
    return Watch.from_outputs({"watch": account.facts})


class Releases:
    """An observer that lets the read arrive once it has been waited for several times."""

    def __init__(self, held: local.HeldDelivery, **how: Any) -> None:
        self._held, self._how = held, how
        self.waited = 0
        self.too_early: list[str] = []

    def note(self, text: str) -> None: ...
    def channel(self, channel: Any) -> None: ...

    def hop(self, hop: Any) -> None:
        if self.waited < 3 and hop.name != "read" and hop.status == "ok":
            self.too_early.append(hop.name)

    def waiting(self, hops: Any, seconds: float) -> None:
        self.waited += 1
        if self.waited == 3:
            self._held.release(**self._how)

    progress = waiting


@pytest.mark.parametrize("how", HOW, ids=IDS)
def test_smoke_waits_until_the_read_arrives(account: Channels, held_delivery: Held, how: Any) -> None:
    observer = Releases(held_delivery(), **how)
    smoke = Smoke(
        watch(account), account.session, path="both", prove_delivery=True, count=2, observer=observer
    )
    report = smoke.run()
    assert observer.too_early == []
    assert observer.waited > 3
    assert (report.result, [hop.status for hop in report.hops]) == ("pass", ["ok"] * 9), report


def test_smoke_fails_where_the_filter_went_before_the_read_arrived(
    account: Channels, held_delivery: Held
) -> None:
    class Deletes(Releases):
        def waiting(self, hops: Any, seconds: float) -> None:
            if self.waited == 2:
                account.session.client("logs").delete_metric_filter(
                    logGroupName="payments", filterName="reads"
                )
            super().waiting(hops, seconds)

    observer = Deletes(held_delivery())
    report = Smoke(watch(account), account.session, timeout=6, observer=observer).run()
    assert observer.waited > 3
    assert report.result in ("fail", "timeout")
    status = {hop.name: hop.status for hop in report.hops}
    assert (status["event in the log group"], status["alarm ALARM"]) == ("ok", "waiting")


@pytest.mark.parametrize("how", [HOW[0], HOW[2]], ids=[IDS[0], IDS[2]])
def test_channels_are_compared_when_all_of_it_has_arrived(
    account: Channels, held_delivery: Held, how: Any
) -> None:
    observer = Releases(held_delivery(), **how)
    compare = Compare(watch(account), account.session, reads=2, noise=1, minutes=0, observer=observer)
    result = compare.run()
    assert observer.waited >= 3
    assert result.result == "pass", result
    alarm, trail, realtime = result.channels
    assert all(each.complete for each in result.channels)
    assert alarm.messages == 1
    assert trail.messages >= 1
    # EventBridge may deliver an event twice: somebody is told twice, it may be after the comparison's end.
    assert 2 <= realtime.messages <= (4 if how else 2)


def examine(account: Channels) -> Any:
    return Doctor(Subject.of_watch(watch(account)), account.session).examine()


def broken(found: Any) -> list[tuple[str, str]]:
    return [(hop, finding.cause) for hop, finding in found.broken]


def read(account: Channels) -> None:
    account.session.client("secretsmanager").get_secret_value(SecretId=account.secret)


def test_the_doctor_blames_nothing_for_a_read_that_is_on_its_way(
    account: Channels, held_delivery: Held, local_cloud: local.LocalCloud
) -> None:
    healthy = broken(examine(account))
    held = held_delivery("trail", "events")
    read(account)
    found = examine(account)
    assert broken(found) == healthy
    assert found.waits
    held.release()
    local_cloud.tick()
    found = examine(account)
    assert broken(found) == healthy
    assert found.record.read.delivered is not None


def test_the_doctor_knows_that_a_filter_made_before_the_read_arrived_counts_it(
    account: Channels, held_delivery: Held, local_cloud: local.LocalCloud
) -> None:
    healthy = broken(examine(account))
    held = held_delivery("trail", "events")
    read(account)
    account.session.client("logs").delete_metric_filter(logGroupName="payments", filterName="reads")
    account._alarm()
    held.release()
    local_cloud.tick()
    found = examine(account)
    assert broken(found) == healthy
    assert found.hop("metric").note.startswith("The read was counted")
