"""One alarm of the account: has it rung, and if it has not, at which hop it stopped."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from secretwatch.local import LocalCloud

_WIDTH = 110


Tell = Callable[[str], None]
"""Takes what a person should see of a test that fails."""


@dataclass(frozen=True)
class Ringing:
    """Whether an alarm rang. True or false by itself, so that `assert` takes it."""

    rang: bool
    why: str
    """One line: CloudWatch's reason for the state, or the hop where it stopped."""
    walk: str = ""
    """Where it did not ring: the doctor's walk from the call to the e-mail, with the mend."""

    def __bool__(self) -> bool:
        return self.rang

    def __repr__(self) -> str:
        return f"<{self.why}>"


class Alarm:
    """An alarm that is there. Raises LookupError where there is none of that name, and names the others."""

    def __init__(
        self, name: str, cloud: LocalCloud, session: Any, since: datetime, tell: Tell = lambda text: None
    ) -> None:
        __tracebackhide__ = True
        self.name = name
        self._cloud, self._session, self._since, self._tell = cloud, session, since, tell
        self._cloudwatch = session.client("cloudwatch")
        if not self._described():
            raise LookupError(
                f"There is no alarm {name!r} in {session.region_name}. There is: {self._others()}. "
                "One of another region is found with alarm(name, region=…)."
            )

    def _described(self) -> dict[str, Any] | None:
        found = self._cloudwatch.describe_alarms(
            AlarmNames=[self.name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        alarms = [*found["MetricAlarms"], *found["CompositeAlarms"]]
        return alarms[0] if alarms else None

    def _others(self) -> str:
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        names = [
            each["AlarmName"] for page in pages for each in page["MetricAlarms"] + page["CompositeAlarms"]
        ]
        return ", ".join(names) or "none"

    @property
    def state(self) -> str:
        """`OK`, `ALARM` or `INSUFFICIENT_DATA`, as of the last evaluation."""
        return str((self._described() or {}).get("StateValue", "deleted"))

    def rang(self, within_minutes: int = 10) -> Ringing:
        """Whether it has gone to ALARM since the test began, or does within so many minutes from now.

        The minutes do not take as long: what is on its way is delivered, unless it is held, and the alarms'
        time goes on until it rings or they are over.
        """
        return self._after(within_minutes, "ALARM", self._stopped)

    def ended(self, within_minutes: int = 20) -> Ringing:
        """Whether it has rung and is OK again, or will be within so many minutes from now."""
        rung = self.rang(0)
        if not rung:
            return rung
        return self._after(
            within_minutes, "OK", lambda: Ringing(False, f"{self.name} is still in {self.state}")
        )

    def _after(self, minutes: int, wanted: str, otherwise: Callable[[], Ringing]) -> Ringing:
        if minutes < 0:
            raise ValueError(f"within_minutes is {minutes}: write 0 or more.")
        self._cloud.release(first=0)
        for passed in range(minutes + 1):
            if reason := self._changed_to(wanted):
                return Ringing(True, f"{self.name} is {wanted} after {passed} min. {reason}")
            if passed < minutes:
                self._cloud.tick()
        return otherwise()

    def _changed_to(self, state: str) -> str | None:
        """Why it changed to this state since the test began; the last such change. None where it did not."""
        pages = self._cloudwatch.get_paginator("describe_alarm_history").paginate(
            AlarmName=self.name, HistoryItemType="StateUpdate", StartDate=self._since
        )
        for page in pages:
            for each in page["AlarmHistoryItems"]:
                change = _change(each["HistoryData"])
                if state == "OK":  # only the newest counts: after it rang
                    return change[1] if change[0] == "OK" else None
                if change[0] == state:
                    return change[1]
        return None

    def _stopped(self) -> Ringing:
        """Where it stopped: the doctor's walk, as a terminal shows it."""
        from secretwatch.cli.console import plain, visible_line
        from secretwatch.cli.diagnosis import show
        from secretwatch.pipeline.doctor.examine import Doctor
        from secretwatch.pipeline.doctor.starting import Several
        from secretwatch.pipeline.doctor.subject import NoSuchSubject, Subject

        why = f"{self.name} did not ring"
        if held := ", ".join(f"{each['calls']} calls on {each['channel']}" for each in self._cloud.held()):
            why += f"; delivery is held: {held}"
        subject = Subject(region=self._session.region_name, name=self.name, alarm_name=self.name)
        try:
            diagnosis = Doctor(subject, self._session, since=self._since).examine()
        except (NoSuchSubject, Several) as error:
            return Ringing(False, f"{why}. {error}")
        written = io.StringIO()
        show(plain(file=written, width=_WIDTH), diagnosis)
        walk = written.getvalue().rstrip()
        self._tell(f"{why}.\n\n{walk}")
        stopped = next((hop for hop in diagnosis.hops if hop.verdict == "broken"), None)
        if stopped:
            why += f": it stopped at {stopped.name}. {visible_line(stopped.sentence)}"
        return Ringing(False, why, walk)

    def __repr__(self) -> str:
        return f"<alarm {self.name}: {self.state}>"


def _change(history_data: str) -> tuple[str, str]:
    """The new state and its reason.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmHistoryItem.html
    """
    new = json.loads(history_data).get("newState") or {}
    return str(new.get("stateValue")), str(new.get("stateReason"))


def now() -> datetime:
    return datetime.now(UTC)
