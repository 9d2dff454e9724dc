"""The message that a drill sends before its read: to people, in plain words.

It never says that alarms may be ignored: what it announces is one read, which carries the drill's id.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

AGENT = "secretwatch-drill/"

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII, no line breaks, up to 100 characters.
_SUBJECT = 100


def new_id(at: float) -> str:
    """An id that says when it was made and that nobody else makes. at: seconds since 1970."""
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"


def subject(drill_id: str, watches: Sequence[str]) -> str:
    """The e-mail's subject. watches: their names."""
    named = watches[0] if len(watches) == 1 else f"{len(watches)} watches of {watches[0].partition('/')[0]}"
    tail = f" is being drilled ({drill_id})"
    return f"DRILL: {_ascii(named)[: _SUBJECT - len('DRILL: ') - len(tail)]}{tail}"


def text(
    *,
    drill_id: str,
    caller: str,
    at: float,
    account_id: str,
    region: str,
    topic_arn: str,
    alarms: Sequence[tuple[str, str, str]],
    realtime: bool,
) -> str:
    """The message to one topic. alarms: (watch, secret, alarm's name) of those that will tell this topic.

    realtime: whether a realtime message comes here as well. It is not JSON: no program takes it for an alarm.
    """
    lines = [
        "DRILL. This is a rehearsal of secretwatch, not an incident.",
        "",
        f"Drill id  {drill_id}",
        f"Who       {caller}",
        f"When      {datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC",
        f"Where     account {account_id}, {region}",
        f"Topic     {topic_arn}",
        "",
    ]
    for watch, secret, alarm in alarms:
        lines += [
            f"Watch {watch}: the secret {secret} is read once, now. The value is shown to nobody.",
            f'The alarm "{alarm}" follows within minutes. It is part of this drill.',
            "",
        ]
    if realtime:
        lines += ["A message about the read comes within seconds. It is part of this drill, too.", ""]
    if alarms or realtime:
        lines += [
            f"The read's event has {AGENT}{drill_id} in its userAgent. Any read without it is not part of "
            "this drill: treat it as real, even during the drill.",
        ]
    else:
        lines += ["No alarm follows here: this message alone shows that this topic reaches you."]
    lines += [
        "Did you not expect this? Ask the caller named above. Anybody who may publish here can write this."
    ]
    return "\n".join(_line(each) for each in lines) + "\n"


def _line(value: str) -> str:
    """One printable line, whatever a name holds."""
    return "".join(each if each.isprintable() else "\ufffd" for each in value)


def _ascii(value: str) -> str:
    return "".join(each if " " <= each <= "~" else "?" for each in value)
