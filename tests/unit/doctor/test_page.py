"""The HTML report, as a person's browser shows it."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from answers import walk
from browser import HOSTILE, Browser, is_inert, needs_browser
from healthy import LOGGED_AT, READ_AT, TRAIL, alarm, asked, denied, facts, metric_filter, read, rung, topic

from secretwatch.pipeline.doctor.page import page
from secretwatch.pipeline.doctor.walk import Diagnosis


def several_faults() -> Diagnosis:
    """A trail that stopped, a pattern that rejects, an Average, and e-mails without a click."""
    pattern = '{ $.eventName = "getSecretValue" && $.requestParameters.secretId = "payments/database" }'
    earlier = [
        replace(
            read(
                eventID=f"event-{minutes}",
                eventTime=f"{READ_AT - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}",
            ),
            delivered=LOGGED_AT - timedelta(minutes=minutes - number),
        )
        for number, minutes in enumerate((48, 41, 22, 9))
    ]
    last = replace(read(), delivered=None, logged=None)
    found = walk(
        facts(
            read=last,
            reads=[*earlier, last],
            trail_status=asked({"IsLogging": False, "StopLoggingTime": READ_AT - timedelta(minutes=2)}),
            filters=asked([metric_filter(pattern=pattern)]),
            tested={pattern: asked({"matches": []})},
            alarm=alarm(Statistic="Average", StateValue="OK"),
            history_of_alarm=asked(rung(-38)),
            topics=[
                replace(
                    topic(),
                    subscriptions=asked(
                        [
                            {
                                "SubscriptionArn": "PendingConfirmation",
                                "Protocol": "email",
                                "Endpoint": "oncall@example.com",
                            }
                        ]
                    ),
                )
            ],
        )
    )
    found.missing = [f"cloudtrail:GetEventSelectors on {TRAIL}"]
    return found


def shown(dom: str) -> str:
    """The text of a DOM, without its style."""
    body = re.sub(r"<(style|script).*?</\1>", "", dom, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


@needs_browser
def test_what_a_person_sees(tmp_path: Path) -> None:
    diagnosis = several_faults()
    file = tmp_path / "report.html"
    file.write_text(page(diagnosis), encoding="utf-8")
    dom = Browser(tmp_path / "profile").dom(file)
    text = shown(dom)
    assert "Broken at hop 2, trail" in text
    assert "aws cloudtrail start-logging --name payments" in text
    assert "3 more are broken" in text
    hops = re.findall(r'<li class="([a-z-]+)" data-hop="([a-z-]+)"', dom)
    assert hops == [(hop.verdict.replace(" ", "-"), hop.name) for hop in diagnosis.hops]
    for hop in diagnosis.hops:
        assert hop.sentence in text
    assert '$.eventName = "getSecretValue" saw "GetSecretValue" (upper and lower case differ)' in text
    # Five reads, of which four arrived, and one e-mail.
    assert len(re.findall(r'<circle class="dot( followed)?"', dom)) == 9
    assert len(re.findall(r'<circle class="dot sent"', dom)) == 1
    assert "Permissions that were missing" in text


@needs_browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_is_drawn(tmp_path: Path, dark: bool) -> None:
    file = tmp_path / "report.html"
    file.write_text(page(several_faults()), encoding="utf-8")
    picture = Browser(tmp_path / "profile", dark=dark).picture(file, tmp_path / "report.png")
    width, height, brightness = brightness_of(picture.read_bytes())
    assert (width, height) == (1000, 1800)
    assert (brightness < 80) if dark else (brightness > 200)


def brightness_of(png: bytes) -> tuple[int, int, float]:
    """Width and height of a picture with 8 bits a channel, and the mean of its first pixel, the margin."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert depth == 8
    channels = {2: 3, 6: 4}[kind]
    data, position = b"", 8
    while position < len(png):
        length, name = struct.unpack(">I4s", png[position : position + 8])
        if name == b"IDAT":
            data += png[position + 8 : position + 8 + length]
        position += length + 12
    lines = zlib.decompress(data)
    row = 1 + width * channels
    assert len(lines) == row * height
    return width, height, sum(lines[1:4]) / 3


def test_nothing_is_fetched_and_everything_is_escaped() -> None:
    hostile = '<script>alert("x")</script>'
    subject = replace(facts().subject, name=hostile)
    html = page(walk(facts(subject=subject, read=read(requestParameters={"secretId": hostile}))))
    assert hostile not in html
    assert "<script" not in html
    assert not re.search(r"""(src|href|url|@import)\s*[=(]?\s*["']?(https?:)?//""", html)


def named(hostile: str) -> str:
    """The page of a watch, a secret, an alarm and an address with such a name."""
    subject = replace(facts().subject, name=hostile, alarm_name=hostile, filter_names=(hostile,))
    event = read(requestParameters={"secretId": hostile}, userAgent=hostile, errorMessage=hostile)
    rung = alarm(AlarmName=hostile, StateReason=hostile, AlarmDescription=hostile)
    found = walk(facts(subject=subject, read=event, reads=[event], alarm=rung))
    found.missing = [hostile]
    return page(found)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_name_is_a_text(hostile: str) -> None:
    html = named(hostile)
    assert is_inert(html)
    assert all(each.isprintable() for each in html.split("\n"))


@needs_browser
def test_a_browser_shows_names_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(named(" ".join(HOSTILE)), encoding="utf-8")
    dom = Browser(tmp_path / "profile").dom(file)
    assert is_inert(dom)
    assert "<title>ran" not in dom
    assert '<script>document.title="ran"</script>' in unescape(dom)
    assert "secretwatch doctor. It looked" in dom


@pytest.mark.parametrize(
    ("diagnosis", "says"),
    [
        (walk(facts()), "✓ Healthy"),
        (walk(facts(read=None, reads=[])), "✓ Healthy, as far as it is configured"),
        (
            walk(facts(selectors=denied("cloudtrail:GetEventSelectors", TRAIL))),
            "? It cannot be told at hop 2, trail",
        ),
    ],
)
def test_the_answer_comes_first(diagnosis: Diagnosis, says: str) -> None:
    text = shown(page(diagnosis))
    assert says in text
    assert text.index(says) < text.index("From the read to the e-mail")
