"""From a watch and an alarm, or an event, to the report: which questions are asked, in which order.

First the reads that rang. Then, again and again, what each access key and session did that is known by then,
and who handed it out, until nothing new is known. Then the readers' earlier reads.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from secretwatch import partition
from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern
from secretwatch.incident.act import Act
from secretwatch.incident.chain import Chain, follow
from secretwatch.incident.report import Report, Subject, report
from secretwatch.pipeline.doctor import reads
from secretwatch.pipeline.doctor.asking import Asking
from secretwatch.pipeline.doctor.subject import Subject as Examined
from secretwatch.pipeline.incident.sources import Sources
from secretwatch.pipeline.watch import Watch

Tell = Callable[[str], None]

EVENT_ID = re.compile(r"[A-Za-z0-9-]{1,128}")
_KEY = re.compile(r"\w{4,128}", re.ASCII)
_IN_A_PATTERN = re.compile(r"[\w+=,.@:-]+", re.ASCII)
_ARRIVES = timedelta(minutes=15)
"""In which an event has arrived."""
_MOST_KEYS = 60
_LOOK_BACK = (1, 7, 30, 90, 400, 4000)
"""Days, of which earlier reads are looked for one after the other."""
_LOOK_BACK_SECONDS = 45.0
_GIVE_BY_ROLE = ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")
_GIVE = {
    "AssumedRole": _GIVE_BY_ROLE,
    "FederatedUser": ("GetFederationToken",),
    "IAMUser": ("GetSessionToken",),
}


class NothingRang(Exception):
    """There is no alarm or event to begin with; the message is one sentence. unknown: whether it may be there
    all the same, as something could not be asked."""

    def __init__(self, sentence: str, *, unknown: bool) -> None:
        super().__init__(sentence)
        self.unknown = unknown


def is_read_of(watch: Watch) -> Callable[[Mapping[str, Any]], bool]:
    """Which events the watch counts: by its own patterns; by its secrets, where they cannot be read."""
    patterns = []
    with suppress(InvalidFilterPattern):
        patterns = [FilterPattern.parse(each) for each in watch.filter_patterns]
    if patterns:
        return lambda event: any(each.matches_event(event) for each in patterns)
    return lambda event: reads.is_read(
        event, watch.watched, account=watch.account_id, organization=watch.organization
    )


@dataclass
class Start:
    """What to begin with: the reads that rang, and when the alarm did, where that is known."""

    watch: Watch
    rang: list[Act] = field(default_factory=list)
    alarm_time: datetime | None = None


class Gathering:
    """One incident of one of the watches of a root module.

    ask: with clients of every region. hours: before and after the reads. tell: what goes on. sleep, clock:
    of this machine, where no test has its own.
    """

    def __init__(
        self,
        watches: Sequence[Watch],
        ask: Asking,
        *,
        now: datetime,
        local: bool,
        hours: float,
        tell: Tell = lambda text: None,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._watches, self._ask, self._now = watches, ask, now
        self._hours, self._tell, self._clock = timedelta(hours=hours), tell, clock or time.monotonic
        self._local, self._sleep = local, sleep or time.sleep
        self._unknown: list[str] = []
        self._made: dict[str, Sources] = {}
        self._last: dict[str, float] = {}

    def run(self, alarm_time: datetime | None, event_id: str | None) -> Report:
        """alarm_time, event_id: which incident; the last alarm where neither is given. Raises NothingRang."""
        self._tell("looking for the reads that rang")
        start = self._of_event(event_id) if event_id else self._of_alarm(alarm_time)
        watch, sources = start.watch, self._sources(start.watch)
        begin = start.rang[0].time - self._hours
        end = min(start.rang[-1].time + self._hours, self._now)
        acts, regions = self._follow(watch, sources, start.rang, begin, end)
        earlier, since = self._earlier(watch, sources, begin, acts)
        examined = Examined.of_watch(watch)
        return report(
            acts,
            [each.event_id for each in start.rang],
            subject=Subject(
                watch.label,
                watch.account_id,
                watch.region,
                watch.alarm_name,
                examined.secrets,
                watch.organization,
            ),
            made=self._now,
            begin=begin,
            end=end,
            alarm_time=start.alarm_time,
            earlier=earlier,
            since=since,
            unknown=self._not_known(sources, end, regions),
        )

    def _sources(self, watch: Watch) -> Sources:
        if watch.label not in self._made:
            self._made[watch.label] = self._new_sources(watch)
        return self._made[watch.label]

    def _new_sources(self, watch: Watch) -> Sources:
        aws = partition.of_region(watch.region).name
        arn = f"arn:{aws}:logs:{watch.region}:{watch.account_id}:log-group:{watch.log_group_name}:*"
        return Sources(
            self._ask,
            watch.log_group_name,
            arn,
            is_read_of(watch),
            local=self._local,
            last=self._last,
            sleep=self._sleep,
            clock=self._clock,
        )

    # What to begin with

    def _of_event(self, event_id: str) -> Start:
        """The event, whatever it is; and the watch that counts it."""
        asked, other = [], None
        for watch in self._watches:
            sources = self._sources(watch)
            asked.append(sources)
            act = self._event(watch, sources, event_id)
            if act and act.is_read:
                return Start(watch, [act], self._rang_after(sources, watch, act.time))
            other = other or act
        if other is None:
            where = ", ".join(dict.fromkeys(each.log_group_name for each in self._watches))
            raise self._nothing(
                f"No event with the id {event_id} was found in event history and in log group {where}.",
                *asked,
            )
        self._unknown.append(
            f"The watch does not count the event {event_id}, so no alarm is known that rang for it."
        )
        return Start(self._watches[0], [other])

    def _event(self, watch: Watch, sources: Sources, event_id: str) -> Act | None:
        for region in dict.fromkeys([watch.region, partition.of_region(watch.region).global_region]):
            for act in sources.looked_up("EventId", event_id, region, None, None):
                if act.event_id == event_id:
                    return act
        begins = [self._now - timedelta(days=days) for days in (1, 90, 4000)]
        for begin, end in zip(begins, [None, *begins], strict=False):
            for each in sources.delivered(f'"{event_id}"', begin, end, f"event {event_id}"):
                if each.act.event_id == event_id:
                    return each.act
        return None

    def _rang_after(self, sources: Sources, watch: Watch, at: datetime) -> datetime | None:
        times = sources.rang(watch.alarm_name, watch.region) or []
        return next((each for each in reversed(times) if at <= each <= at + 4 * _ARRIVES), None)

    def _of_alarm(self, given: datetime | None) -> Start:
        """The reads that came to the log group before the alarm rang, which they made it do."""
        starts, asked = [], []
        for watch in self._watches:
            sources = self._sources(watch)
            asked.append(sources)
            times = [given] if given else sources.rang(watch.alarm_name, watch.region) or []
            if not times:
                continue
            at = times[0]
            # A person writes minutes.
            until = at + timedelta(minutes=1) if given else at + timedelta(seconds=2)
            begin = at - _ARRIVES - timedelta(seconds=watch.alarm_period or 300)
            starts.append(Start(watch, self._ringing(watch, sources, begin, until), at))
        if not starts:
            names = ", ".join(each.alarm_name for each in self._watches)
            raise self._nothing(
                f"No time is known at which {names} rang: name one with --alarm-time, or a read with "
                "--event-id.",
                *asked,
            )
        starts.sort(key=lambda each: (bool(each.rang), each.alarm_time), reverse=True)
        if not starts[0].rang:
            before = f"{starts[0].alarm_time:%d %b %Y %H:%M} UTC"
            raise self._nothing(
                f"No read that the watch counts arrived in the minutes before {before}: name another time "
                "with --alarm-time, or a read with --event-id.",
                *asked,
            )
        return starts[0]

    def _ringing(self, watch: Watch, sources: Sources, begin: datetime, until: datetime) -> list[Act]:
        found = {
            each.act.event_id: each.act
            for pattern in watch.filter_patterns
            for each in sources.delivered(pattern, begin - _ARRIVES, until + _ARRIVES, "reads")
            if each.act.is_read and begin <= each.act.time and each.at <= until
        }
        if not sources.logs_answer:
            # Then by event history, where it is not told when an event arrived.
            examined = Examined.of_watch(watch)
            for region in examined.regions:
                for name in examined.event_names[:12]:
                    for act in sources.looked_up("EventName", name, region, begin, until):
                        if act.is_read:
                            found[act.event_id] = act
        return sorted(found.values(), key=lambda each: (each.time, each.event_id))

    def _nothing(self, sentence: str, *sources: Sources) -> NothingRang:
        missing = [*self._ask.denied, *(why for each in sources for why in each.failed)]
        if missing:
            sentence += f" Some sources could not be asked: {'; '.join(dict.fromkeys(missing))}."
        return NothingRang(sentence, unknown=bool(missing))

    # What the credentials did

    def _follow(
        self, watch: Watch, sources: Sources, rang: list[Act], begin: datetime, end: datetime
    ) -> tuple[list[Act], list[str]]:
        acts = {each.event_id: each for each in rang}
        seeds = set(acts)
        regions = dict.fromkeys([watch.region, partition.of_region(watch.region).global_region])
        asked: set[Any] = set()
        keys: set[str] = set()

        def add(found: Iterable[Act]) -> None:
            for each in found:
                acts.setdefault(each.event_id, each)

        while True:
            chain = follow(acts.values(), seeds)
            for each in chain.acts:
                if partition.is_region(each.region):
                    regions[each.region] = None
            before = len(asked)
            for key in sorted(each for each in chain.keys if _KEY.fullmatch(each)):
                if key not in keys and len(keys) >= _MOST_KEYS:
                    sources.cut_short[f"the first {_MOST_KEYS} access keys of the chain"] = None
                    continue
                keys.add(key)
                self._tell(f"what {key} did: {len(keys)} access keys, {len(acts)} events")
                if key not in asked:
                    asked.add(key)
                    since = min([begin, *self._begins(chain, key)])
                    add(each.act for each in sources.delivered(f'"{key}"', since, end + _ARRIVES, key))
                for region in regions:
                    if (key, region) not in asked:
                        asked.add((key, region))
                        add(sources.looked_up("AccessKeyId", key, region, begin, end))
            for session in chain.sessions:
                if session not in asked:
                    asked.add(session)
                    add(self._of_session(sources, session, begin, end))
            if len(asked) > before:
                # What came may say who handed them out.
                continue
            for credential in chain.without_origin:
                one = credential.acts[0] if credential.acts else None
                if one and one.began and one.session and ("origin", one.session) not in asked:
                    asked.add(("origin", one.session))
                    add(self._givers(sources, one, one.began, regions))
            if len(asked) == before:
                return list(acts.values()), list(regions)

    @staticmethod
    def _begins(chain: Chain, key: str) -> list[datetime]:
        """Just before the sessions of a key began: then it was handed out."""
        return [
            act.began - timedelta(minutes=1)
            for each in chain.credentials
            if key in each.keys
            for act in each.acts
            if act.began and act.key == key
        ][:1]

    def _of_session(
        self, sources: Sources, session: tuple[str, str], begin: datetime, end: datetime
    ) -> list[Act]:
        principal, created = session
        if not (_IN_A_PATTERN.fullmatch(principal) and _IN_A_PATTERN.fullmatch(created)):
            return []
        pattern = (
            f'{{ ($.userIdentity.principalId = "{principal}") && '
            f'($.userIdentity.sessionContext.attributes.creationDate = "{created}") }}'
        )
        what = f"session {principal}"
        return [each.act for each in sources.delivered(pattern, begin, end + _ARRIVES, what)]

    def _givers(self, sources: Sources, act: Act, began: datetime, regions: Iterable[str]) -> list[Act]:
        """Calls that handed out sessions in the seconds in which this one began."""
        around = timedelta(seconds=5)
        found: list[Act] = []
        for name in _GIVE.get(act.kind, ()):
            for region in regions:
                found += sources.looked_up("EventName", name, region, began - around, began + around)
                if act.key and any(each.gives == act.key for each in found):
                    return found
        return found

    # Earlier reads

    def _earlier(
        self, watch: Watch, sources: Sources, begin: datetime, acts: list[Act]
    ) -> tuple[list[Act], datetime | None]:
        """The reads that the watch counts, back to when: within retention, as far as there is patience."""
        self._tell("looking for earlier reads")
        kept = sources.kept_since(self._now)
        if kept is None or not sources.logs_answer:
            return [], None
        found: list[Act] = [each for each in acts if each.is_read]
        until, since = self._now, self._now
        patience = self._clock() + _LOOK_BACK_SECONDS
        for days in _LOOK_BACK:
            start = max(begin - timedelta(days=days), kept)
            if self._clock() > patience:
                break
            self._tell(f"looking for earlier reads, back to {start:%d %b %Y}")
            for pattern in watch.filter_patterns:
                found += [each.act for each in sources.delivered(pattern, start, until, "earlier reads")]
            until = since = start
            if start == kept or not sources.logs_answer:
                break
        return found, since

    # What is not known

    def _not_known(self, sources: Sources, end: datetime, regions: Sequence[str]) -> list[str]:
        found = [*self._unknown]
        if self._now - end < _ARRIVES:
            found.append(
                "Events take about 5 minutes to arrive, sometimes 15: calls after "
                f"{self._now - _ARRIVES:%H:%M} UTC may still be missing."
            )
        found.append(
            "Event history has only 90 days, and only management events. Objects of S3, items of "
            "tables and calls of functions are data events: only a trail that selects them has "
            "recorded them."
        )
        found.append(
            f"Event history was asked in {', '.join(regions)}; only the log group has events of "
            "other regions."
        )
        found += [
            f"Permission is missing: {each}. The report lacks everything that it would have shown."
            for each in self._ask.denied
        ]
        found += [f"This source could not be asked: {each}." for each in sources.failed]
        found += [f"Only {each} were read: there are more." for each in sources.cut_short]
        return found
