"""Hop 1: credentials, account, region, clock."""

from __future__ import annotations

from secretwatch.pipeline.doctor.calls import Person, Run
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.record import Record
from secretwatch.pipeline.doctor.subject import Subject

NAME = "credentials"
# AWS refuses what is signed more than 5 minutes from its own time.
_REFUSED, _SUSPECT = 300.0, 60.0


def examine(subject: Subject, record: Record) -> Hop:
    hop = Hop(NAME)
    asked = record.identity
    if asked.problem == "silent":
        hop.cannot_tell(
            "no-answer",
            f"AWS does not answer: {asked.why}",
            Person("Is the network there, and AWS_ENDPOINT_URL right, if it is set?"),
            stops=True,
        )
        hop.saw(asked.action, subject.region, asked.at, asked.why)
        return hop
    if not asked.ok:
        # Of the alarm nothing is known then: that is not broken.
        of_credentials = asked.problem == "denied" or asked.about_credentials
        hop.cannot_tell(
            "no-credentials" if of_credentials else "no-answer",
            f"AWS cannot be called with these credentials: {asked.why}"
            if of_credentials
            else f"AWS does not answer as it should: {asked.why}",
            Run("aws sso login    # or set AWS_PROFILE, or AWS_ENDPOINT_URL and test credentials")
            if of_credentials
            else Person("Run it again in a while; is AWS_ENDPOINT_URL right, if it is set?"),
            stops=True,
        )
        hop.saw(asked.action, subject.region, asked.at, asked.why)
        return hop
    who = asked.answer["Arn"]
    hop.saw(asked.action, subject.region, asked.at, f"{who}, clock {record.clock_is_off:+.0f} s")
    if subject.account_id and subject.account_id != record.account_id:
        hop.broken(
            "other-account",
            f"The credentials are of account {record.account_id}, the watch is in {subject.account_id}.",
            Run("export AWS_PROFILE=...    # one of that account"),
        )
    if abs(record.clock_is_off) > _SUSPECT:
        where = "ahead of AWS's" if record.clock_is_off > 0 else "behind AWS's"
        sentence = f"This machine's clock is {abs(record.clock_is_off):.0f} s {where}"
        mend = Run("sudo timedatectl set-ntp true")
        if abs(record.clock_is_off) > _REFUSED:
            hop.broken("clock", f"{sentence}: AWS refuses what it signs.", mend, stops=False)
        else:
            hop.warning("clock", f"{sentence}: times here are off by as much.", mend)
    hop.note = f"{who}, in {subject.region}; the clock is right."
    return hop
