"""Several watches in a terminal: a line each, warnings too, and no mend twice; of several calls the last."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from answers import case
from healthy import alarm, facts
from rich.console import Console

from secretwatch.cli.diagnosis import show_all
from secretwatch.pipeline.doctor.calls import Call, Person
from secretwatch.pipeline.doctor.mend import _last_words
from secretwatch.pipeline.doctor.walk import Diagnosis, walk


def diagnosis(name: str, **changes: Any) -> Diagnosis:
    view, record = case(facts(**changes))
    view.subject = replace(view.subject, name=name)
    return walk(view, record)


def printed(*found: Diagnosis) -> str:
    written = io.StringIO()
    show_all(Console(file=written, width=200), found)
    return written.getvalue()


def test_a_mend_of_two_watches_is_written_once() -> None:
    off = {"alarm": alarm(ActionsEnabled=False)}
    text = printed(diagnosis("one", **off), diagnosis("two", **off))
    assert text.count("aws cloudwatch enable-alarm-actions") == 1
    assert "the same as above, of one" in text


def test_a_healthy_watch_says_what_it_warns_of() -> None:
    found = diagnosis("one")
    assert found.result == "healthy"
    hop = found.hops[-1]
    assert "warning" not in printed(found)
    hop.warning("odd", "Somebody's is odd.")
    hop.warning("even", "Somebody's is even.")
    assert "warning: Somebody's is odd. (and 1 more)" in printed(found).splitlines()[0]


def test_of_two_calls_that_write_the_same_the_later_one_is_shown() -> None:
    def put(key: str, policy: str) -> Call:
        return Call("kms", "PutKeyPolicy", {"KeyId": key, "PolicyName": "default", "Policy": policy})

    steps = [put("a", "1"), Person("Ask."), put("b", "1"), put("a", "2")]
    assert _last_words(steps) == steps[1:]
