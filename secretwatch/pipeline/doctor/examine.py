"""The run: ask, walk; and with a canary, read the secret once and walk again until that read has arrived."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from secretwatch.pipeline.aws import Aws
from secretwatch.pipeline.doctor.asking import Asking
from secretwatch.pipeline.doctor.gather import gather
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.kinds import buckets
from secretwatch.pipeline.doctor.reads import TracedRead
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.walk import Diagnosis, walk
from secretwatch.pipeline.reading import Read, read_secret

SINCE = timedelta(hours=1)
_PATIENCE = 8.0
"""Seconds: boto3 asks twice, and who waits for what never answers is to know within twenty."""
Tell = Callable[[str], None]


class Doctor:
    """Examinations of one subject. tell: what is going on, where it takes more than a moment."""

    def __init__(
        self,
        subject: Subject,
        session: Any,
        *,
        intent: Intent | None = None,
        since: datetime | None = None,
        event_id: str | None = None,
        tell: Tell = lambda text: None,
    ) -> None:
        self._subject = subject
        self._session, self._intent = session, intent
        self._since, self._event_id, self._tell = since, event_id, tell
        self._aws: dict[str, Aws] = {}

    def _in(self, region: str) -> Aws:
        if region not in self._aws:
            self._aws[region] = Aws(self._session, region, patience=_PATIENCE)
        return self._aws[region]

    def examine(self) -> Diagnosis:
        """Look at everything once. Nothing in the account is changed."""
        now = datetime.now(UTC)
        ask = Asking(self._in, self._subject.region)
        try:
            view, record = gather(
                self._subject,
                ask,
                intent=self._intent,
                now=now,
                local=self._in(self._subject.region).is_local,
                since=self._since or now - SINCE,
                event_id=self._event_id,
            )
            diagnosis = walk(view, record)
            # No permission opens another account's bucket.
            others = [f":s3:::{id}" for id, _ in view.account.all(buckets.OF_ANOTHER)]
            diagnosis.missing = [each for each in ask.denied if not any(map(each.endswith, others))]
            if endpoint := self._in(self._subject.region).given_endpoint:
                diagnosis.write_endpoint(endpoint)
            return diagnosis
        finally:
            ask.close()

    def is_about_secrets(self) -> bool:
        """Whether reads of secrets are what rings the alarm, by its filters."""
        return self.examine().view.subject.is_about_secrets

    def canary(self, secret: str, region: str) -> Diagnosis:
        """Read the secret once, never showing it, and follow that read. Raises reads.ReadFailed."""
        read = read_secret(self._in(region), secret, "boto3", time.time(), region)
        self._since = read.time - timedelta(seconds=5)
        end = time.monotonic() + (30.0 if self._in(region).is_local else 1200.0)
        pause = 0.3
        while True:
            diagnosis = self.examine()
            self._event_id = self._event_id or _event_id(read, diagnosis.record.reads)
            arrived = self._event_id is not None and not diagnosis.waits
            if (arrived and diagnosis.record.read) or time.monotonic() > end:
                return diagnosis
            waiting = next((hop.sentence for hop in diagnosis.hops if hop.stops), "")
            self._tell(f"{time.time() - read.at:.0f} s since the read. {waiting}")
            time.sleep(pause)
            pause = min(pause * 1.5, 10.0)


def _event_id(read: Read, seen: list[TracedRead]) -> str | None:
    return next((each.event_id for each in seen if read.made(each.event)), None)
