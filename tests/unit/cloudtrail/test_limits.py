"""Fields of an event stay within CloudTrail's limits: texts are cut, structures left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secretwatch.cloudtrail.limits import CUT, EVENT_BYTES, OMITTED, cut, limited, omitted, size_of

CHARACTERS = ["a", "é", "漢", "😀", '"', "\\", "\n", "\x00"]
text = st.builds(
    lambda character, times, end: character * times + end,
    st.sampled_from(CHARACTERS),
    st.one_of(
        *(st.integers(max(0, near - 30), near + 9) for near in (0, 256, 340, 512, 1024, 28672, 102400))
    ),
    st.text(max_size=5),
)
structure = st.dictionaries(
    st.text(max_size=8), text | st.lists(text, max_size=2) | st.booleans(), max_size=3
)
events = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(CUT, text | st.none()) | dict.fromkeys(OMITTED, structure | st.none())
)
slowly = settings(max_examples=40, suppress_health_check=list(HealthCheck))


def written(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@slowly
@given(event=events)
def test_no_field_is_larger_than_its_limit_and_what_is_within_is_untouched(event: dict[str, Any]) -> None:
    after = limited(event)
    assert after.keys() == event.keys()
    for name, value in event.items():
        fits = (
            value is None or len(value.encode() if name in CUT else written(value)) <= (CUT | OMITTED)[name]
        )
        if fits:
            assert after[name] == value
        elif name in CUT:
            assert len(after[name].encode()) <= CUT[name]
            assert after[name].endswith("...")
            assert value.startswith(after[name][:-3])
        else:
            assert after[name] == {
                "reason": f"{name} too large",
                "omitted": True,
                "originalSize": len(written(value)),
            }
    json.loads(written(after))


@slowly
@given(event=events)
def test_once_is_enough(event: dict[str, Any]) -> None:
    assert limited(limited(event)) == limited(event)


@pytest.mark.parametrize("character", CHARACTERS)
@pytest.mark.parametrize("name", OMITTED)
def test_the_last_byte_decides(name: str, character: str) -> None:
    takes = len(written(character)) - 2
    times, rest = divmod(OMITTED[name] - len(written({"x": ""})), takes)
    fits = character * times + "y" * rest
    assert limited({name: {"x": fits}}) == {name: {"x": fits}}
    assert limited({name: {"x": fits + "y"}}) == {name: omitted(name, OMITTED[name] + 1)}


@pytest.mark.parametrize("character", CHARACTERS)
def test_a_text_counts_its_bytes(character: str) -> None:
    for name, most in CUT.items():
        fits = character * (most // len(character.encode()))
        assert limited({name: fits}) == {name: fits}
        assert len(limited({name: fits + character})[name].encode()) <= most


def test_a_text_is_not_cut_within_a_character() -> None:
    assert cut("é" * 600, 1024) == "é" * 510 + "..."


def test_the_event_that_was_given_stays_as_it_was() -> None:
    event = {"userAgent": "x" * 2000, "requestParameters": {"x": "y" * 200_000}}
    limited(event)
    assert (len(event["userAgent"]), len(event["requestParameters"]["x"])) == (2000, 200_000)


def test_an_event_within_its_fields_limits_fits() -> None:
    # Two structures of the largest size and what is around them: so a single call's event always arrives.
    assert OMITTED["requestParameters"] + OMITTED["responseElements"] + 4 * 1024 < EVENT_BYTES


def test_size_is_that_of_what_is_written() -> None:
    assert size_of({"x": 'é"'}) == len(written({"x": 'é"'}))
