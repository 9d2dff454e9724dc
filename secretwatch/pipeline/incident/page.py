"""The report as one HTML page that needs nothing from elsewhere: for a ticket, a chat, a drawer."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from secretwatch.incident.chain import Credential
from secretwatch.incident.contain import Step
from secretwatch.incident.report import Report
from secretwatch.incident.timeline import Entry
from secretwatch.pipeline.document import document
from secretwatch.pipeline.incident import words
from secretwatch.pipeline.incident.picture import picture

_MARKS = {
    "rang": "a read that rang",
    "read": "another read of a secret",
    "refused": "refused, or failed",
    "gave": "handed out credentials",
    "changed": "changed something",
    "looked": "looked at something",
}
_MOST_ROWS = 2000
STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fafaf8; --card: #fff; --ink: #1d2126; --quiet: #626a73; --line: #dfe1e4; --code: #f1f2f4;
  --rang: #c2281d; --read: #b4570a; --refused: #7a3fb0; --gave: #2563b8; --changed: #0f766e;
  --looked: #98a0a8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1c2024; --ink: #e7e9ec; --quiet: #9aa3ac; --line: #333940; --code: #262b30;
    --rang: #ff7468; --read: #f0a35c; --refused: #c294f0; --gave: #6ea8f5; --changed: #4cc9bd;
    --looked: #707982;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.55rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2.5rem 0 .75rem; }
p { overflow-wrap: anywhere; }
.about { color: var(--quiet); margin: 0 0 1.5rem; }
.answer { background: var(--card); border: 1px solid var(--line); border-left: 6px solid var(--rang);
  border-radius: 8px; padding: 1rem 1.25rem; }
.answer p { margin: .25rem 0; } .answer .what { font-size: 1.15rem; font-weight: 600; }
.rang { --tone: var(--rang); } .read { --tone: var(--read); } .refused { --tone: var(--refused); }
.gave { --tone: var(--gave); } .changed { --tone: var(--changed); } .looked { --tone: var(--looked); }
.picture { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem;
  overflow-x: auto; margin-top: 1.5rem; }
svg.timeline { display: block; width: 100%; min-width: 44rem; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--quiet); }
svg text.lane { fill: var(--ink); font-size: 13px; } svg text.reads { font-weight: 700; }
svg text.rang { fill: var(--rang); font-weight: 600; }
.grid { stroke: var(--line); } .rail { stroke: var(--line); stroke-dasharray: 2 4; }
.alarm { stroke: var(--rang); stroke-width: 1.5; stroke-dasharray: 5 3; }
.gives { stroke: var(--gave); stroke-width: 2; fill: none; opacity: .7; }
.span { stroke: var(--tone); stroke-width: 3; opacity: .5; }
.dot { fill: var(--tone); stroke: var(--card); stroke-width: 1.5; }
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .6rem 0 0;
  padding: 0;
  font-size: .85rem; color: var(--quiet); }
.legend li::before { content: ""; display: inline-block; width: .7rem; height: .7rem; border-radius: 50%;
  background: var(--tone); margin-right: .4rem; }
ol.chain, ul.plain { margin: 0; padding: 0; list-style: none; }
.chain li, .plain li { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .6rem .9rem; margin-bottom: .5rem; overflow-wrap: anywhere; }
.chain li.reader { border-left: 6px solid var(--rang); }
.chain b { margin-right: .5rem; } .quiet { color: var(--quiet); font-size: .9rem; }
pre { background: var(--code); border-radius: 6px; padding: .7rem .9rem; margin: .35rem 0 1.25rem;
  font: .82rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.step { margin: 0; font-weight: 600; } .step + p { margin: 0; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: .88rem; }
td { vertical-align: top; border-top: 1px solid var(--line); padding: .35rem .6rem .35rem 0;
  overflow-wrap: anywhere; }
td:nth-child(1) { width: 8.6rem; } td:nth-child(2) { width: 2.2rem; } td:nth-child(4) { width: 10rem; }
td.what { border-left: 4px solid var(--tone); padding-left: .6rem; }
td code { font: .95em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media (max-width: 40rem) {
  main { padding: 1.25rem .9rem 3rem; }
  td { display: block; border: 0; padding: .1rem 0; }
  td:nth-child(n) { width: auto; } td:nth-child(2) { display: none; }
  td.what { border-left: 4px solid var(--tone); padding-left: .6rem; }
  tr { display: block; border-top: 1px solid var(--line); padding: .5rem 0; }
}
footer { margin-top: 2.5rem; color: var(--quiet); font-size: .85rem; }
"""


def page(report: Report) -> str:
    """The whole page. Everything from the events is escaped."""
    name = report.subject.name or "recorded files"
    usual = [f"{each.reader}: {each.sentence}" for each in report.usual]
    main = f"""<h1>What happened: {escape(name)}</h1>
<p class="about">{escape(words.about(report))}</p>
<section class="answer"><p class="what">{escape(report.headline)}</p>
<p>First seen {escape(words.first(report))}.</p>
{"".join(f"<p>{escape(each)}</p>" for each in usual)}</section>
<div class="picture">{picture(report)}{_legend(report)}</div>
<h2>The credentials</h2>
<ol class="chain">{"".join(map(_credential, report.chain.credentials))}</ol>
<h2>The secrets</h2>
{_list(map(words.secret, report.secrets), "No read of a secret was seen.")}
<h2>From where</h2>
{_list(map(words.place, report.places), "")}
<h2>Commands that stop it</h2>
<p class="quiet">None of these commands was run. Read each before you run it, from the top down.</p>
{"".join(map(_step, report.steps))}
<h2>What these credentials did</h2>
<table>{"".join(map(_row, report.entries[:_MOST_ROWS]))}</table>
{_rest(report)}
<h2>What is not known</h2>
{_list(report.unknown, "")}
<footer>secretwatch incident, {report.made:%d %B %Y, %H:%M:%S} UTC. All times are UTC. The
command only looked, and changed nothing.</footer>"""
    return document(f"Incident: {name}", STYLE, main)


def _legend(report: Report) -> str:
    seen = {each.mark for each in report.entries}
    items = "".join(f'<li class="{mark}">{words_}</li>' for mark, words_ in _MARKS.items() if mark in seen)
    return f'<ul class="legend">{items}</ul>'


def _credential(each: Credential) -> str:
    return (
        f'<li class="{each.relation}"><b>{each.number}</b>{escape(each.label)}<br>'
        f'<span class="quiet">{escape(words.details(each))}</span></li>'
    )


def _list(lines: Iterable[str], otherwise: str) -> str:
    items = "".join(f"<li>{escape(each)}</li>" for each in lines)
    return f'<ul class="plain">{items}</ul>' if items else f"<p>{escape(otherwise)}</p>"


def _step(step: Step) -> str:
    note = f'<p class="quiet">{escape(step.note)}</p>' if step.note else ""
    command = f"<pre>{escape(step.command)}</pre>" if step.command else "<br>"
    return f'<p class="step">{escape(step.title)}</p>{note}{command}'


def _row(entry: Entry) -> str:
    return (
        f'<tr class="{entry.mark}"><td>{words.at(entry.begin)}</td><td>{entry.credential}</td>'
        f'<td class="what"><code>{escape(words.entry(entry))}</code></td>'
        f"<td>{escape(entry.address)}</td></tr>"
    )


def _rest(report: Report) -> str:
    more = len(report.entries) - _MOST_ROWS
    return f"<p>{more} more rows are in the JSON.</p>" if more > 0 else ""
