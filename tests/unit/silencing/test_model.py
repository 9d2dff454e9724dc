"""The model: who is told of which calls together. It leaves out nothing that the table says silences."""

from __future__ import annotations

import importlib.util
from itertools import combinations, permutations
from pathlib import Path
from types import ModuleType

import pytest

from secretwatch.silencing import ROWS, Verdict
from secretwatch.silencing.model import MOVES, Move, heard, unheard

# What is not in it: what silences the heartbeat alone, which its alarm tells, and what an instance may lack.
ELSEWHERE = {"heartbeat", "organisation"}
SLOW = {"role", "log group", "log group's key", "filters", "alarm", "slow topic", "slow key", "slow people"}


def move(part: str) -> Move:
    (found,) = (each for each in MOVES if each.part == part)
    return found


def test_every_part_that_can_be_silenced_has_a_move() -> None:
    named = " ".join(each.part for each in MOVES)
    silenced = {row.part for row in ROWS if row.verdict is Verdict.SILENCES} - ELSEWHERE
    assert {part for part in silenced if part not in named and part != "targets"} == set()


def test_one_call_is_always_heard_but_for_two() -> None:
    """Which the heartbeat tells of."""
    for witness in (False, True):
        alone = [moves[0].part for moves in unheard(1, witness=witness)]
        assert alone == ["trail, deleted", "organisation's policies"]


def test_a_pair_is_unheard_where_it_takes_something_of_both_ways() -> None:
    for one, other in unheard(2, witness=False):
        takes = [one.takes, other.takes]
        assert any(any(thing.startswith("fast") for thing in each) for each in takes)
        assert any(each & (SLOW | {"selectors"}) for each in takes)


def test_with_a_witness_no_pair_is_unheard() -> None:
    assert unheard(2, witness=True) == []
    assert unheard(3, witness=True) != []


@pytest.mark.parametrize("witness", [False, True])
def test_no_order_is_worse_than_the_one_that_is_tried(witness: bool) -> None:
    small = unheard(1, witness=witness) + unheard(2, witness=witness)
    for moves in combinations(MOVES, 2):
        if any(set(each) <= set(moves) for each in small) or sum(each.count for each in moves) > 2:
            continue
        for order in permutations(moves):
            assert heard(order, witness=witness), [each.part for each in order]


def test_what_was_replayed_on_the_local_cloud() -> None:
    """tests/e2e/test_self_watch_late.py has the same, with AWS's delays."""
    alarm, fast_topic = move("alarms"), move("topics (the fast self-watch's)")
    assert heard((alarm,), witness=False)
    assert heard((fast_topic,), witness=False)
    assert not heard((alarm, fast_topic), witness=False)
    assert heard((alarm, fast_topic), witness=True)
    assert heard((alarm, move("rules (rules)")), witness=False)
    assert not heard((alarm, move("rules (rules)"), move("rules (alarms)")), witness=False)


@pytest.fixture
def docs() -> ModuleType:
    script = Path(__file__).resolve().parents[3] / "scripts/docs_silencing.py"
    spec = importlib.util.spec_from_file_location("docs_silencing", script)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_table_and_model_say(docs: ModuleType) -> None:
    assert docs.main(["--check"]) == 0


def test_a_page_that_says_something_else_is_refused(docs: ModuleType, tmp_path: Path) -> None:
    page = tmp_path / "self-watch.md"
    page.write_text(docs.PAGE.read_text().replace("`StopLogging`", "`StopTalking`"))
    assert docs.main(["--check"], page) == 1
    assert docs.main([], page) == 0
    assert page.read_text() == docs.PAGE.read_text()
    page.write_text("nothing")
    assert docs.main([], page) == 1
