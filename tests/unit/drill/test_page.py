"""The record as a page, as a person's browser shows it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from browser import HOSTILE as NAMES
from browser import Browser, is_inert, needs_browser

from secretwatch.pipeline.drill.page import page
from secretwatch.pipeline.drill.record import MEANING, Drilled, Receiver, Record, Topic
from secretwatch.pipeline.reading import Read
from secretwatch.pipeline.smoke_report import HopResult, SmokeReport

ARN = "arn:aws:sns:us-east-1:111111111111:people"
HOSTILE = '<script>alert("x")</script>'


def record(name: str = "pay/app", ending: str = "done") -> Record:
    read = Read("TopSecretInfo", "boto3", "secretwatch-1", "request-1", 1767311991.0)
    report = SmokeReport(ending="pass", reads=[read], event_ids={"secretwatch-1": f"event-1{name}"})
    report.hops = [
        HopResult("read", "ok", 0.0, name),
        HopResult("alarm ALARM", "ok", 312.4, f"Threshold Crossed {name}"),
    ]
    receivers = [
        Receiver("email", f"{state}{name}@example.com", "arn:", state, name, ["DRILL message"])
        for state in MEANING
    ]
    receivers[0].seen = {f"DRILL message{name}": 0.2}
    topic = Topic(f"{ARN}{name}", [name], f"m{name}", None, {name: name}, receivers=receivers)
    silent = Topic(f"{ARN}2{name}", [name], error=name)
    unknown = Topic(f"{ARN}3{name}", [name], "m", unknown=name)
    return Record(
        drill_id=f"20260101T235950Z-0123abcd{name}",
        ending=ending,  # type: ignore[arg-type]
        reason=None if ending == "done" else name,
        started=1767311990.0,
        ended=1767312400.0,
        caller=f"arn:aws:iam::111111111111:user/{name}",
        account_id="111111111111",
        region="us-east-1",
        user_agent=f"secretwatch-drill/{name}",
        version="0.1.0",
        watches=[
            Drilled(name, f"secret{name}", f"alarm{name}", report),
            Drilled(f"{name}2", None, "a", SmokeReport(), drilled=False, detail=name),
        ],
        topics=[topic, silent, unknown],
    )


def shown(html: str) -> str:
    body = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


@pytest.mark.parametrize("ending", ["done", "interrupted", "refused"])
def test_nothing_is_fetched_and_everything_is_escaped(ending: str) -> None:
    html = page(record(HOSTILE, ending))
    assert "<script" not in html
    assert 'alert("x")' not in html
    assert not re.search(r"""(src|href|url|@import)\s*[=(]?\s*["']?(https?:)?//""", html)
    assert html.count("&lt;script") > 20


def test_it_says_who_when_what_and_each_receiver() -> None:
    text = shown(page(record()))
    for words in (
        "01 January 2026, 23:59:50 UTC",
        "user/pay/app",
        "20260101T235950Z-0123abcd",
        "event-1",
        "request-1",
        "312.4 s",
        "Nobody is subscribed.",
        *MEANING,
        *MEANING.values(),
    ):
        assert words in text


@pytest.mark.parametrize(
    ("ending", "says"),
    [("done", "✕ Not every way out carried the message"), ("refused", "✕ The drill was not carried out")],
)
def test_the_answer_comes_first(ending: str, says: str) -> None:
    text = shown(page(record(ending=ending)))
    assert text.index(says) < text.index("Who was told")


def test_a_pass_and_a_drill_without_anything() -> None:
    found = record()
    found.topics = found.topics[:1]
    found.topics[0].receivers = found.topics[0].receivers[:2]
    text = shown(page(found))
    assert "✓ Every way out carried the message" in text
    assert "Seen at 1 of 2 receivers; SNS took it for 1." in text
    assert "Nothing was sent." in shown(page(Record(ending="refused", reason="no")))


@needs_browser
def test_a_browser_shows_it(tmp_path: Path) -> None:
    file = tmp_path / "drill.html"
    file.write_text(page(record()), encoding="utf-8")
    assert "✕ Not every way out" in shown(Browser(tmp_path / "profile").dom(file))


@pytest.mark.parametrize("hostile", NAMES)
@pytest.mark.parametrize("ending", ["done", "refused"])
def test_a_name_is_a_text(hostile: str, ending: str) -> None:
    html = page(record(hostile, ending))
    assert is_inert(html)
    assert all(each.isprintable() for each in html.split("\n"))


@needs_browser
def test_a_browser_shows_names_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "drill.html"
    file.write_text(page(record(" ".join(NAMES))), encoding="utf-8")
    dom = Browser(tmp_path / "profile").dom(file)
    assert is_inert(dom)
    assert "<title>ran" not in dom
    assert "secretwatch drill 0.1.0" in dom
