from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from secretwatch.picture.history import NEWEST, draw

SVG = "{http://www.w3.org/2000/svg}"


def run(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "time": f"2026-01-01T10:{number % 60:02}:00+00:00",
        "watch": "payments",
        "account_id": "111111111111",
        "region": "us-east-1",
        "local": False,
        "result": "pass",
        "hops": {"event in the log group": 100.0 + number, "alarm ALARM": 200.0},
    } | changes


def drawn(*runs: dict[str, Any]) -> ET.Element:
    return ET.fromstring(draw(runs))


def words(picture: ET.Element) -> list[str]:
    return [each.text or "" for each in picture.iter(f"{SVG}text")]


def bars(picture: ET.Element) -> list[ET.Element]:
    return [each for each in picture.iter(f"{SVG}rect") if each.find(f"{SVG}title") is not None]


def test_a_bar_for_each_run_at_each_hop_as_high_as_it_took() -> None:
    picture = drawn(run(1), run(2))
    found = bars(picture)
    assert len(found) == 4
    log, alarm = float(found[0].attrib["height"]), float(found[2].attrib["height"])
    assert abs(log / alarm - 101 / 200) < 0.01
    assert found[0].find(f"{SVG}title").text == "2026-01-01 10:01 UTC: 101 s"


def test_figures_are_last_median_slowest() -> None:
    said = words(drawn(*(run(hops={"alarm ALARM": value}) for value in (1.0, 9.0, 2.0))))
    at = said.index("alarm ALARM")
    assert said[at + 1 : at + 4] == ["2.0 s", "2.0 s", "9.0 s"]


def test_a_hop_that_was_not_seen_is_marked() -> None:
    picture = drawn(run(result="fail", hops={"alarm ALARM": None}))
    assert "×" in words(picture)
    assert bars(picture) == []
    assert "1 run, 0 passed (grey: of a run that failed); each strip goes from 0 to 1 s" in words(picture)


def test_watches_and_clouds_have_panels_of_their_own() -> None:
    said = words(drawn(run(), run(local=True), run(watch="other"), run(hops={"alarm ALARM": 5.0})))
    heads = [each for each in said if each.endswith(", us-east-1")]
    assert heads == [
        "payments, account 111111111111, us-east-1",
        "payments, local cloud, us-east-1",
        "other, account 111111111111, us-east-1",
    ]


def test_hops_stand_in_the_order_of_the_longest_path() -> None:
    said = words(drawn(run(hops={"b": 1.0}), run(hops={"a": 1.0, "b": 1.0, "c": 1.0})))
    assert [each for each in said if each in "abc"] == ["a", "b", "c"]


def test_the_newest_runs_are_drawn() -> None:
    many = [run(number, hops={"alarm ALARM": float(number)}) for number in range(NEWEST + 5)]
    assert len(bars(drawn(*many))) == NEWEST


def test_names_cannot_break_it() -> None:
    assert "<&>" in words(drawn(run(watch="<&>")))[1]
