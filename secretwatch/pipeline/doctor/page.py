"""The diagnosis as one HTML page that needs nothing from elsewhere: for a ticket, a chat, a drawer."""

from __future__ import annotations

from datetime import UTC
from html import escape

from secretwatch.pipeline.doctor import path
from secretwatch.pipeline.doctor.findings import Finding, Hop
from secretwatch.pipeline.doctor.timeline import timeline
from secretwatch.pipeline.doctor.walk import Diagnosis
from secretwatch.pipeline.document import document

_MARKS = {"healthy": "✓", "warning": "!", "not reached": "·", "cannot tell": "?", "broken": "✕"}
STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fafaf8; --card: #fff; --ink: #1d2126; --quiet: #626a73; --line: #dfe1e4; --code: #f1f2f4;
  --healthy: #1a7f4b; --warning: #9a6200; --broken: #c2281d; --cannot-tell: #7a3fb0; --not-reached: #7b838c;
  --read: #2563b8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1c2024; --ink: #e7e9ec; --quiet: #9aa3ac; --line: #333940; --code: #262b30;
    --healthy: #4fc487; --warning: #e0a83c; --broken: #ff7468; --cannot-tell: #c294f0; --not-reached: #8b939c;
    --read: #6ea8f5;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.55rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.05rem; margin: 2.5rem 0 .75rem; }
.about { color: var(--quiet); margin: 0 0 1.5rem; }
.verdict { font-size: .8rem; font-weight: 600; white-space: nowrap; }
.healthy { --tone: var(--healthy); } .warning { --tone: var(--warning); } .broken { --tone: var(--broken); }
.cannot-tell { --tone: var(--cannot-tell); } .not-reached { --tone: var(--not-reached); }
.verdict { color: var(--tone); }
.answer { background: var(--card); border: 1px solid var(--line); border-left: 6px solid var(--tone);
  border-radius: 8px; padding: 1rem 1.25rem; }
.answer p { margin: .25rem 0; }
.answer .what { font-size: 1.15rem; font-weight: 600; }
pre { background: var(--code); border-radius: 6px; padding: .7rem .9rem; margin: .5rem 0 .25rem;
  font: .82rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; }
ol.walk { list-style: none; margin: 0; padding: 0; }
ol.walk > li { position: relative; padding: 0 0 1.1rem 3rem; }
ol.walk > li::before { content: ""; position: absolute; left: .98rem; top: 2rem; bottom: 0;
  border-left: 2px solid var(--line); }
ol.walk > li:last-child::before { display: none; }
.mark { position: absolute; left: 0; top: .05rem; width: 2rem; height: 2rem; border-radius: 50%;
  display: grid; place-items: center; font-weight: 700; border: 2px solid var(--tone); color: var(--tone);
  background: var(--card); }
.broken > .mark { background: var(--tone); color: var(--card); }
.hop { display: flex; gap: .6rem; align-items: baseline; flex-wrap: wrap; }
.hop b { font-size: 1.02rem; }
li p { margin: .1rem 0; overflow-wrap: anywhere; }
li.healthy p, li.not-reached p { color: var(--quiet); }
details { margin-top: .3rem; color: var(--quiet); font-size: .85rem; }
summary { cursor: pointer; width: fit-content; }
table { border-collapse: collapse; margin: .4rem 0; width: 100%; table-layout: fixed; }
td { vertical-align: top; border-top: 1px solid var(--line); padding: .3rem .6rem .3rem 0;
  overflow-wrap: anywhere; }
td:nth-child(1) { width: 6.2rem; } td:nth-child(2) { width: 14rem; }
td code { font: .78rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.picture { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem;
  overflow-x: auto; }
svg.timeline { display: block; width: 100%; min-width: 40rem; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--quiet); } svg text.lane { fill: var(--ink); }
svg text.number { fill: var(--card); font-weight: 600; font-size: 11px; }
.grid { stroke: var(--line); } .rail { stroke: var(--line); stroke-dasharray: 2 4; }
.way { stroke: var(--read); opacity: .45; }
.dot { fill: var(--read); stroke: var(--card); stroke-width: 1.5; }
.dot.followed { stroke: var(--ink); stroke-width: 2; } .dot.sent { fill: var(--healthy); }
.dot.refused { fill: var(--broken); } .count { fill: var(--read); opacity: .8; }
.ringing { fill: var(--broken); opacity: .85; }
.picture:has(.path) { margin-bottom: 1.5rem; }
.path rect { fill: var(--card); stroke: var(--tone); stroke-width: 1.5; }
.path .broken rect { stroke-width: 3; }
.path text { fill: var(--ink); font: 600 13px system-ui, sans-serif; }
.path .said { fill: var(--tone); font-weight: 400; font-size: 12px; }
.path .begin { font-weight: 400; }
.path .way { stroke: var(--quiet); stroke-width: 2; }
.path .cut { stroke-dasharray: 2 4; opacity: .5; }
footer { margin-top: 2.5rem; color: var(--quiet); font-size: .85rem; }
"""


def page(diagnosis: Diagnosis) -> str:
    """The whole page. Everything from the account is escaped."""
    record, subject = diagnosis.record, diagnosis.view.subject
    name = subject.name or "the account"
    items = "".join(_hop(number, hop) for number, hop in enumerate(diagnosis.hops, 1))
    at = f"{record.now.astimezone(UTC):%d %B %Y, %H:%M:%S} UTC"
    about = f"Account {record.account_id or 'unknown'}, {subject.region}, examined on {at}."
    notes = "".join(f'<p class="about">{escape(each)}</p>' for each in diagnosis.notes)
    main = f"""<h1>{escape(name)}</h1>
<p class="about">{escape(about)}</p>
{notes}
{_answer(diagnosis)}
<h2>From the read to the e-mail</h2>
<div class="picture">{path.picture(diagnosis.hops)}</div>
<ol class="walk">{items}</ol>
{_picture(diagnosis)}
{_missing(diagnosis)}
<footer>secretwatch doctor. It looked, and changed nothing.</footer>"""
    return document(f"{name}: {diagnosis.result}", STYLE, main)


def _class(verdict: str) -> str:
    return verdict.replace(" ", "-")


def _answer(diagnosis: Diagnosis) -> str:
    """What somebody who reads no further has to know."""
    if diagnosis.broken:
        name, finding = diagnosis.broken[0]
        more = len(diagnosis.broken) - 1
        also = f"<p>{more} more {'is' if more == 1 else 'are'} broken: see below.</p>" if more else ""
        what = f"Broken at hop {_number(diagnosis, name)}, {name}"
        return _box("broken", what, finding.sentence, finding.mend, also)
    if diagnosis.result == "cannot tell":
        unknown = next(hop for hop in diagnosis.hops if hop.verdict == "cannot tell")
        what = f"It cannot be told at hop {_number(diagnosis, unknown.name)}, {unknown.name}"
        return _box("cannot tell", what, unknown.sentence, unknown.mend)
    read = diagnosis.record.read
    if read is None:
        event = diagnosis.hop("event")
        return _box("healthy", "Healthy, as far as it is configured", event.sentence, event.mend)
    sentence = (
        f"The read of {read.secret or 'a secret'} by {read.reader} at {read.time:%H:%M:%S} UTC was followed."
    )
    return _box("healthy", "Healthy", sentence)


def _number(diagnosis: Diagnosis, name: str) -> int:
    return [hop.name for hop in diagnosis.hops].index(name) + 1


def _box(verdict: str, what: str, sentence: str, mend: str = "", more: str = "") -> str:
    return (
        f'<section class="answer {_class(verdict)}"><p class="what">{_MARKS[verdict]} {escape(what)}</p>'
        f"<p>{escape(sentence)}</p>{_pre(mend)}{more}</section>"
    )


def _pre(mend: str) -> str:
    return f"<pre>{escape(mend)}</pre>" if mend else ""


def _hop(number: int, hop: Hop) -> str:
    others = "".join(_finding(each) for each in hop.findings if each is not hop.worst)
    return (
        f'<li class="{_class(hop.verdict)}" data-hop="{hop.name}"><span class="mark" aria-hidden="true">'
        f'{_MARKS[hop.verdict]}</span><div class="hop"><b>{number} {hop.name}</b>'
        f'<span class="verdict">{hop.verdict}</span></div>'
        f"<p>{escape(hop.sentence)}</p>{_pre(hop.mend)}{others}{_evidence(hop)}</li>"
    )


def _finding(finding: Finding) -> str:
    return (
        f'<div class="{_class(finding.verdict)}"><p><span class="verdict">also {finding.verdict}</span> '
        f"{escape(finding.sentence)}</p>{_pre(finding.mend)}</div>"
    )


def _evidence(hop: Hop) -> str:
    if not hop.evidence:
        return ""
    rows = "".join(
        f"<tr><td>{each.when.astimezone(UTC):%H:%M:%S}</td><td><code>{escape(each.what)}</code></td>"
        f"<td>{escape(each.where)}<br><code>{escape(each.seen)}</code></td></tr>"
        for each in hop.evidence
    )
    return f"<details><summary>What was looked at</summary><table>{rows}</table></details>"


def _picture(diagnosis: Diagnosis) -> str:
    picture = timeline(diagnosis.record)
    if not picture:
        return ""
    return f'<h2>The last reads</h2><div class="picture">{picture}</div>'


def _missing(diagnosis: Diagnosis) -> str:
    if not diagnosis.missing:
        return ""
    listed = "\n".join(diagnosis.missing)
    return f"<h2>Permissions that were missing</h2>{_pre(listed)}"
