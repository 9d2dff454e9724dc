"""What is done is remembered, by place; what nobody could tell is tried again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from labs import Session, cloud_of, experiment

from secretwatch.verify.model import TIME_UP
from secretwatch.verify.result import Result
from secretwatch.verify.state import State, default_file, place_of

ONE, TWO = experiment("one"), experiment("two")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "verify.json"


def test_what_was_told_is_not_asked_again(file: Path) -> None:
    result = Result(ONE, "no", {"count": 1}, 2.0, 0.5)
    State(file, "here").add(result)
    State(file, "here").add(Result(TWO, TIME_UP))
    assert State(file, "here").results([ONE, TWO]) == [result]
    assert State(file, "there").results([ONE, TWO]) == []
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_newer_result_stands(file: Path) -> None:
    state = State(file, "here")
    state.add(Result(ONE, "no"))
    state.add(Result(ONE, "yes"))
    assert [each.outcome for each in state.results([ONE])] == ["yes"]


def test_some_are_forgotten(file: Path) -> None:
    state = State(file, "here")
    for each in (ONE, TWO):
        state.add(Result(each, "yes"))
    state.forget([ONE])
    assert [each.experiment.id for each in state.results([ONE, TWO])] == ["two"]


def test_a_claim_that_changed_is_asked_again(file: Path) -> None:
    State(file, "here").add(Result(ONE, "yes"))
    assert State(file, "here").results([experiment("one", claim="It is otherwise.")]) == []


def test_a_run_is_known_until_its_end(file: Path) -> None:
    state = State(file, "here")
    state.begin("a1")
    state.begin("b2")
    state.end("a1")
    assert State(file, "here").runs() == ["b2"]


@pytest.mark.parametrize("text", ["[]", "{", "no JSON"])
def test_another_file_is_not_overwritten(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(OSError, match=str(file)):
        State(file, "here").results([ONE])
    with pytest.raises(OSError, match=str(file)):
        State(file, "here").begin("a1")
    assert file.read_text() == text


@pytest.mark.parametrize("text", ["", '{"here": 3}', '{"here": {"results": [{"id": "one"}, 3]}}'])
def test_what_is_of_another_version_is_begun_anew(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    state = State(file, "here")
    assert state.results([ONE]) == []
    state.add(Result(ONE, "yes"))
    assert len(state.results([ONE])) == 1


def test_two_at_a_time_lose_nothing(file: Path) -> None:
    runs = [f"{number:08x}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda run: State(file, "here").begin(run), runs))
    assert sorted(State(file, "here").runs()) == runs


def test_places_differ(tmp_path: Path) -> None:
    place = place_of(cloud_of(Session()))
    assert place == "aws/111122223333/us-east-1 http://127.0.0.1:4566"
    assert default_file({"XDG_STATE_HOME": "/x"}, tmp_path) == Path("/x/secretwatch/verify.json")
    assert default_file({}, tmp_path) == tmp_path / ".local/state/secretwatch/verify.json"
