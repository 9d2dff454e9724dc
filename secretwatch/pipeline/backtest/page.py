"""A backtest as one HTML page: pictures and tables. Everything from events is escaped."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from secretwatch.backtest.bill import BLINDS
from secretwatch.backtest.result import AlarmResult, Rang, Result, SubjectResult, WatchResult
from secretwatch.pipeline.backtest import pictures
from secretwatch.pipeline.document import document

_MOST_RINGS = 300

STYLE = """
:root { --ink: #0f172a; --quiet: #64748b; --line: #e2e8f0; --card: #fff; --ground: #f8fafc; --rang: #b91c1c;
  --good: #047857; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.25rem; margin: 2.2rem 0 .7rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: .9rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1rem;
  margin: .6rem 0; }
.answer { border-left: 6px solid var(--good); } .answer.no { border-left-color: var(--rang); }
.answer p { margin: 0; }
img { display: block; width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: right; padding: .35rem .7rem .35rem 0; border-top: 1px solid var(--line);
  vertical-align: top; }
th { border-top: 0; color: var(--quiet); font-weight: 500; white-space: nowrap; }
th:first-child, td:first-child, .left td, .left th { text-align: left; overflow-wrap: anywhere; }
.left td:last-child { width: 60%; }
td.rang { color: var(--rang); font-weight: 600; }
.tops { display: grid; grid-template-columns: repeat(auto-fit, minmax(25rem, 1fr)); gap: 0 1.5rem; }
details { margin: .5rem 0; } summary { cursor: pointer; }
footer { margin-top: 2.5rem; color: var(--quiet); font-size: .85rem; }
"""


_GOOD, _BAD = '<section class="card answer">', '<section class="card answer no">'


def page(result: Result) -> str:
    """The whole page."""
    main = f"""<h1>Is it noisy?</h1>
<p class="quiet">{escape(_about(result))}</p>
{_answers(result)}
{"".join(_subject(each, result) for each in result.subjects)}
{_bill(result)}
<footer>secretwatch backtest. Times are UTC, days are counted in {escape(result.zone)}. What matches and what
rings was decided by the rules of the filters, rules and alarms themselves; nothing was changed.</footer>"""
    return document("Backtest", STYLE, main, images=True)


def _about(result: Result) -> str:
    span = "No event matched."
    if result.begin is not None and result.end is not None:
        span = f"{_at(result.begin)} to {_at(result.end)}, {result.days:,.1f} days."
    drawn = (
        " If a file does not say when it came, its delay is drawn at random from measured delays."
        if result.drawn
        else ""
    )
    damaged = f" {result.damaged} files are damaged." if result.damaged else ""
    return (
        f"{span} {result.files:,} files, {result.hits:,} events that matched, "
        f"{result.duplicates:,} more were duplicates.{drawn}{damaged}"
    )


def _answers(result: Result) -> str:
    if not result.limit:
        return ""
    if not result.too_many and result.untold:
        return f"{_BAD}<p>It is not known whether the limit holds: {escape(result.untold)}</p></section>"
    if not result.too_many:
        return f"{_GOOD}<p>No watch would have rung more than {escape(result.limit)}.</p></section>"
    return "".join(
        f"{_BAD}<p><b>{escape(each.watch)}</b> of {escape(each.subject)} would have rung {each.rings} times "
        f"from {_at(each.begin)} to {_at(each.end)}; the limit is {escape(result.limit)}. By "
        f"{escape(', '.join(f'{reader} ({count})' for reader, count in each.readers))}.</p></section>"
        for each in result.too_many
    )


def _subject(subject: SubjectResult, result: Result) -> str:
    told = [each for each in subject.watches if each.reads or each.rings]
    drawn = ""
    if told:
        drawn = f"""<h3>Reads a day, and alarms</h3>
<p class="quiet">Grey: reads. Red: an alarm rang. Orange cross: one that late delivery would have missed.</p>
<div class="card">{pictures.timeline(told, result)}</div>
<h3>Messages a day</h3><div class="card">{pictures.messages(told, result)}</div>
<h3>Readers known by day</h3>
<p class="quiet">A line that stays flat is a list of readers that may be excepted.</p>
<div class="card">{pictures.new_readers(told, result)}</div>"""
    unknown = "".join(f"<li>{escape(each)}</li>" for each in subject.not_tested)
    if unknown:
        count = len(subject.not_tested)
        unknown = f"<details><summary>Not tested ({count})</summary><ul>{unknown}</ul></details>"
    return f"""<h2>{escape(subject.label)}</h2>
<div class="card wide">{_overview(subject)}</div>
{drawn}
{"".join(map(_watch, told))}
{unknown}"""


def _overview(subject: SubjectResult) -> str:
    rows = []
    for watch in subject.watches:
        for alarm in watch.alarms:
            fates = alarm.fates
            cells = [len(alarm.rings), fates.get("already in ALARM", 0), fates.get("below threshold", 0)]
            cells += [fates.get("late", 0), len(alarm.missed)]
            shown = "".join(f"<td>{'' if alarm.of_silence else f'{each:,}'}</td>" for each in cells[1:])
            rang = "–" if alarm.why else f"{cells[0]:,}"
            kind = ' class="rang"' if alarm.rings else ""
            rows.append(
                f"<tr><td>{escape(watch.label)}<br><span class=quiet>{escape(alarm.name)}</span></td>"
                f"<td>{watch.reads:,}</td><td{kind}>{rang}</td>{shown}</tr>"
            )
        if not watch.alarms:
            rows.append(f"<tr><td>{escape(watch.label)}</td><td>{watch.reads:,}</td>{'<td></td>' * 5}</tr>")
    return (
        "<table><tr><th>watch</th><th>reads</th><th>rang</th><th>came in ALARM</th><th>below threshold</th>"
        f"<th>late</th><th>missed</th></tr>{''.join(rows)}</table>"
    )


def _watch(watch: WatchResult) -> str:
    traffic = "".join(
        f"<tr><td>{escape(name)}</td><td>{each.total:,}</td><td>{each.per_day:,.2f}</td>"
        f"<td>{f'{each.busiest[1]:,} on {each.busiest[0]}' if each.busiest else ''}</td></tr>"
        for name, each in (*watch.channels.items(), *watch.topics.items())
        if each.total
    )
    rings = sorted(
        ((ring, alarm) for alarm in watch.alarms for ring in alarm.rings), key=lambda each: each[0].at
    )
    rows = "".join(
        f"<tr><td>{_at(ring.at)}</td><td>{escape(alarm.name)}</td><td>{escape(_why(alarm, ring))}<br>"
        f"<span class=quiet>{escape(ring.reason)}</span></td></tr>"
        for ring, alarm in rings[:_MOST_RINGS]
    )
    more = len(rings) - _MOST_RINGS
    if traffic:
        head = "<tr><th>messages</th><th>all</th><th>a day</th><th>busiest day</th></tr>"
        traffic = f'<div class="card wide"><table>{head}{traffic}</table></div>'
    if rows:
        rows = f'<summary>Alarms ({len(rings)})</summary><table class="left">{rows}</table>'
        rows = f'<details class="card">{rows}</details>'
    columns = ("reader", "secret", "address", "agent") if watch.reads else ()
    return f"""<h3>{escape(watch.label)}</h3>
<div class="tops">{"".join(_top(watch, name) for name in columns)}</div>
{traffic}
{rows}
{f"<p class=quiet>{more} more are in the JSON.</p>" if more > 0 else ""}"""


def _why(alarm: AlarmResult, ring: Rang) -> str:
    if alarm.of_silence:
        return "nothing came" + (f" until {_at(ring.until)}" if ring.until is not None else "")
    readers = dict.fromkeys(each.reader or "(nobody named)" for each in ring.events)
    return f"{ring.reads:,} reads by {', '.join(readers)}"


def _top(watch: WatchResult, column: str) -> str:
    rows = "".join(
        f"<tr><td>{escape(value) or '(none)'}</td><td>{count:,}</td></tr>"
        for value, count in watch.top[column]
    )
    more = watch.distinct[column] - len(watch.top[column])
    rest = f"<tr><td class=quiet>{more:,} more</td><td></td></tr>" if more > 0 else ""
    return f'<div class="card"><table><tr><th>{column}</th><th>reads</th></tr>{rows}{rest}</table></div>'


def _bill(result: Result) -> str:
    if not result.bill:
        return ""
    savings = "".join(
        f"<p>Leaving out {escape(line.source)} would save ${line.dollars:,.2f} a month. "
        f"{escape(BLINDS[line.source])}</p>"
        for line in result.bill.savings
    )
    return f"""<h2>The bill</h2>
<p>{result.bill.gb:,.2f} GB a month into the log group, ${result.bill.dollars:,.2f}.</p>
<div class="card">{pictures.bill(result)}</div>{savings}"""


def _at(time: int) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M}"
