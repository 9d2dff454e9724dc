"""The record of a drill as one HTML page that needs nothing from elsewhere: for an auditor's folder."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from secretwatch.pipeline.doctor.page import STYLE
from secretwatch.pipeline.document import document
from secretwatch.pipeline.drill.record import MEANING, Drilled, Receiver, Record, Topic, iso, read_of
from secretwatch.pipeline.smoke_report import HopResult

# The doctor's colours: what they are called there.
_TONES = {
    "seen": "healthy",
    "accepted": "taken",
    "pending": "warning",
    "filtered": "warning",
    "missing": "broken",
    "unsent": "broken",
    "ok": "healthy",
    "waiting": "broken",
    "failed": "broken",
    "skipped": "not-reached",
}
_STYLE = """
.taken { --tone: var(--read); }
table.facts { margin: 1.25rem 0 0; } table.facts td:nth-child(1) { width: 8rem; color: var(--quiet); }
table.facts td:nth-child(2) { width: auto; }
table.hops td:nth-child(1), table.ways td:nth-child(1) { width: auto; }
table.hops td:nth-child(1) { width: 15rem; } table.hops td:nth-child(2) { width: 5.5rem; }
table.hops td:nth-child(3) { width: 5.5rem; text-align: right; font-variant-numeric: tabular-nums;
  padding-right: 1.2rem; }
table.ways td:nth-child(1) { width: 17rem; } table.ways td:nth-child(2) { width: 6rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .9rem 1.25rem .5rem; margin: 0 0 1rem; }
.card h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
.card p { margin: .15rem 0; color: var(--quiet); font-size: .9rem; overflow-wrap: anywhere; }
.card table, .answer ul { margin-bottom: .4rem; font-size: .92rem; }
.state { color: var(--tone); font-weight: 600; }
.answer ul { padding-left: 1.2rem; margin-top: .4rem; } .answer li { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: 6rem 1fr; gap: .2rem .6rem; color: var(--quiet);
  font-size: .9rem; }
dt { font-weight: 600; color: var(--tone); } dd { margin: 0; }
@media print { .card, .answer, tr { break-inside: avoid; } }
"""


def page(record: Record) -> str:
    """The whole page. Everything from the account is escaped."""
    name = ", ".join(each.watch for each in record.watches) or "a watch"
    title = f"Drill of {name}"
    watches = "".join(_watch(each) for each in record.watches)
    topics = "".join(_topic(each) for each in record.topics)
    main = f"""<h1>{escape(title)}</h1>
<p class="about">{escape(_about(record))}</p>
{_answer(record)}
{_facts(record)}
<h2>Who was told</h2>
{topics or "<p>No topic was looked at.</p>"}
{_meanings(record)}
<h2>From the read to the message</h2>
{watches or "<p>Nothing was read.</p>"}
<footer>secretwatch drill {escape(record.version or "")}. Times are in UTC. The seconds
of a hop count from the read. The seconds of a receiver count from the first DRILL message. Each is the time
when the message was found: it may have come earlier. This record holds no secret's value.</footer>"""
    return document(f"{title}: {record.result}", STYLE + _STYLE, main)


def _when(at: float | None) -> str:
    return "not started" if at is None else f"{datetime.fromtimestamp(at, UTC):%d %B %Y, %H:%M:%S} UTC"


def _about(record: Record) -> str:
    account = f"Account {record.account_id}, {record.region}. " if record.account_id else ""
    return f"{account}{_when(record.started)}."


def _answer(record: Record) -> str:
    """What somebody who reads no further has to know."""
    receivers = [each for _, each in record.receivers]
    told = [each for each in receivers if each.told]
    seen = sum(each.state == "seen" for each in told)
    if record.result == "pass":
        tone, what = "healthy", "✓ Every way out carried the message"
        rest = len(told) - seen
        lines = [f"Seen at {seen} of {len(told)} receivers{f'; SNS took it for {rest}' if rest else ''}."]
    elif record.ending == "done":
        tone, what, lines = "broken", "✕ Not every way out carried the message", record.reasons
    else:
        tone, what = "broken", "✕ The drill was not carried out"
        lines = [*record.reasons, *(record.sent or ["Nothing was sent."])]
    items = "".join(f"<li>{escape(each)}</li>" for each in lines)
    warnings = "".join(f"<li>{escape(each)}</li>" for each in record.warnings)
    note = '<p class="warning"><span class="state">Take note</span></p>'
    also = f"{note}<ul>{warnings}</ul>" if warnings else ""
    return f'<section class="answer {tone}"><p class="what">{what}</p><ul>{items}</ul>{also}</section>'


def _facts(record: Record) -> str:
    rows = {
        "Drill id": record.drill_id,
        "Made by": record.caller,
        "Began": iso(record.started),
        "Ended": iso(record.ended),
        "User agent": record.user_agent,
    }
    return '<table class="facts">' + "".join(_row(name, value) for name, value in rows.items()) + "</table>"


def _row(name: str, value: str | None) -> str:
    return f"<tr><td>{escape(name)}</td><td><code>{escape(value or 'unknown')}</code></td></tr>"


def _topic(topic: Topic) -> str:
    sent = f"DRILL message {topic.message_id}" if topic.message_id else f"No DRILL message: {topic.error}"
    alarms = [
        f"alarm of {watch}: {published or 'it did not publish here'}"
        for watch, published in topic.alarms.items()
    ]
    lines = [f"For: {', '.join(topic.purposes)}.", *(each for each in (sent, *alarms))]
    if topic.unknown:
        lines.append(f"Its subscriptions are not known: {topic.unknown}")
    about = "".join(f"<p>{escape(each)}</p>" for each in lines)
    rows = "".join(_receiver(each) for each in topic.receivers)
    nobody = '<p class="broken"><span class="state">Nobody is subscribed.</span></p>'
    table = f'<table class="ways">{rows}</table>' if rows else "" if topic.unknown else nobody
    return f'<section class="card"><h3>{escape(topic.arn)}</h3>{about}{table}</section>'


def _receiver(receiver: Receiver) -> str:
    seen = ", ".join(f"{sign} after {seconds:.1f} s" for sign, seconds in receiver.seen.items())
    detail = ". ".join(each for each in (receiver.detail, seen) if each)
    return (
        f'<tr class="{_TONES[receiver.state]}"><td>{escape(receiver.name)}</td>'
        f'<td class="state">{receiver.state}</td><td>{escape(detail)}</td></tr>'
    )


def _meanings(record: Record) -> str:
    states = dict.fromkeys(each.state for _, each in record.receivers)
    found = "".join(
        f'<dt class="{_TONES[each]}">{each}</dt><dd>{escape(MEANING[each])}</dd>' for each in states
    )
    return f"<dl>{found}</dl>" if found else ""


def _watch(drilled: Drilled) -> str:
    read = read_of(drilled)
    lines = [f"Alarm {drilled.alarm_name}."]
    if drilled.secret:
        lines.append(f"Secret {drilled.secret}.")
    if read:
        event = read["event_id"] or "not found"
        lines.append(f"Read at {read['time']}, CloudTrail event {event}, request {read['request_id']}.")
    if drilled.detail:
        lines.append(drilled.detail)
    about = "".join(f"<p>{escape(each)}</p>" for each in lines)
    rows = "".join(_hop(each) for each in drilled.hops)
    table = f'<table class="hops">{rows}</table>' if rows else ""
    return f'<section class="card"><h3>{escape(drilled.watch)}</h3>{about}{table}</section>'


def _hop(hop: HopResult) -> str:
    seconds = f"{hop.seconds:.1f} s" if hop.seconds is not None else ""
    return (
        f'<tr class="{_TONES[hop.status]}"><td>{escape(hop.name)}</td><td class="state">{hop.status}</td>'
        f"<td>{seconds}</td><td>{escape(hop.detail)}</td></tr>"
    )
