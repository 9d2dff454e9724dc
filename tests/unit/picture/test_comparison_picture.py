from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from secretwatch.picture.comparison import draw
from secretwatch.picture.svg import ticks
from secretwatch.pipeline.comparison import ChannelResult, Comparison

SVG = "{http://www.w3.org/2000/svg}"


def comparison() -> Comparison:
    realtime = ChannelResult(
        "realtime",
        complete=True,
        messages=2,
        bytes=2048,
        first_seconds=1.0,
        arrivals=[1.0, 3.0],
        names={"secret": 2, "reader": 1, "address": 0, "time": 2},
        month={"messages": 1234.0, "bytes": 2e6},
    )
    trail = ChannelResult("trail", deployed=False, why="the trail tells <nobody>")
    calls = [
        {"kind": "read", "seconds": 0.0},
        {"kind": "noise", "seconds": 2.0},
        {"kind": "read", "seconds": 4.0},
    ]
    return Comparison(
        ending="pass",
        secret="db",
        region="us-east-1",
        account_id="1",
        calls=calls,
        channels=[trail, realtime],
    )


def words(picture: ET.Element) -> list[str]:
    return [each.text or "" for each in picture.iter(f"{SVG}text")]


def test_messages_stand_where_they_came() -> None:
    picture = ET.fromstring(draw(comparison()))
    one, three = (float(each.attrib["cx"]) for each in picture.iter(f"{SVG}circle"))
    marks = {
        each.text: float(each.attrib["x"])
        for each in picture.iter(f"{SVG}text")
        if (each.text or "").isdigit() and "middle" in each.attrib.get("class", "")
    }
    assert one == pytest.approx(marks["1"])
    assert three == pytest.approx(marks["3"])
    assert max(marks.values()) < float(picture.attrib["width"])


def test_what_a_message_names() -> None:
    said = words(ET.fromstring(draw(comparison())))
    at = said.index("2.0 kB")
    assert said[at + 1 : at + 7] == ["✓", "1 of 2", "no", "✓", "1,234 messages", "2.0 MB"]


def test_what_is_not_deployed_says_why() -> None:
    assert "not deployed: the trail tells <nobody>" in words(ET.fromstring(draw(comparison())))


def test_without_any_message() -> None:
    found = comparison()
    found.channels, found.calls = [ChannelResult("alarm")], [{"kind": "read", "seconds": 0.0}]
    assert "not known" in words(ET.fromstring(draw(found)))


@pytest.mark.parametrize(
    ("end", "found"),
    [(0, [0, 1]), (12, [0, 2, 4, 6, 8, 10, 12]), (12.1, [0, 5, 10, 15]), (0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5])],
)
def test_marks_are_round_and_reach_the_end(end: float, found: list[float]) -> None:
    assert ticks(end) == pytest.approx(found)
