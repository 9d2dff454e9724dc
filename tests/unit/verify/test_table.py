"""The table of experiments: each row says all that verify, its tests and its page need."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from labs import experiment

from secretwatch.verify import permissions
from secretwatch.verify.experiments.asked import REFUSED, Asked
from secretwatch.verify.kinds import ACTIONS, CENTS, FIND, REMOVE
from secretwatch.verify.model import COMMON, Experiment, Seen, confirmed, refuted
from secretwatch.verify.table import BY_ID, EXPERIMENTS, Unknown, named


@pytest.mark.parametrize("each", EXPERIMENTS, ids=lambda each: each.id)
def test_a_row_is_whole(each: Experiment) -> None:
    for sentence in (each.claim, each.why, *(outcome.sentence for outcome in each.outcomes.values())):
        assert sentence[0] == sentence[0].upper()
        assert sentence.endswith(".")
        assert "\n" not in sentence
    assert each.source
    assert each.seconds > 0
    assert each.cents >= 0
    assert each.actions or each.on_trail
    assert all(re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z]+", action) for action in each.actions)
    assert not set(each.outcomes) & set(COMMON)


def test_every_kind_has_a_price_permissions_and_a_way_out() -> None:
    # Metrics cannot be removed: they fade.
    assert set(CENTS) == set(ACTIONS) == set(REMOVE) | {"metric"}
    assert set(FIND) == set(REMOVE)


def test_an_experiment_declares_what_it_may_see() -> None:
    one = experiment()
    assert one.outcome(Seen("yes", {"count": 3})).sentence == "It was so."
    for seen in (
        Seen("maybe"),
        Seen("yes", {"others": 1}),
        Seen("yes", {"count": "arn:aws:sns:us-east-1:111122223333:mine"}),  # type: ignore[dict-item]
        Seen("yes", {"count": float("nan")}),
    ):
        with pytest.raises(ValueError, match="one: "):
            one.outcome(seen)


@pytest.mark.parametrize(
    "changes",
    [
        {"outcomes": {"yes": confirmed("Yes.")}},
        {"outcomes": {"no": refuted("No.")}},
        {"makes": {"castle": 1}},
    ],
)
def test_a_row_that_cannot_be_told_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="one: "):
        experiment(**changes)


@pytest.mark.parametrize("name", ["", "Big", "a_b", "a--b", "a b"])
def test_an_id_is_words_joined_by_dashes(name: str) -> None:
    with pytest.raises(ValueError, match="is no id"):
        experiment(name)


def test_a_pattern_is_one_row() -> None:
    row = Asked(
        "new", "It matches.", "It matters.", (("a", "a", True), ("(", "a", REFUSED), ("b", "a", False))
    )
    answers = {"a": True, "(": REFUSED, "b": False}
    made = row.experiment("logs:TestMetricFilter", lambda lab, pattern, text: answers[pattern])
    assert made.run(None) == Seen("as claimed", {"question 1": 1, "question 2": -1, "question 3": 0})  # type: ignore[arg-type]
    answers["b"] = True
    assert made.run(None).outcome == "otherwise"  # type: ignore[arg-type]
    assert made.actions == {"logs:TestMetricFilter"}


def test_experiments_are_named() -> None:
    assert [each.id for each in named(["third-bus", "default-value"])] == ["default-value", "third-bus"]
    assert {each.id for each in named(["alarm-*"])} == {each for each in BY_ID if each.startswith("alarm-")}
    for wrong in ("nothing", "nothing*", ""):
        with pytest.raises(Unknown, match="There is no experiment"):
            named([wrong])


def test_those_on_the_trail_need_its_permissions() -> None:
    plain = set(permissions.needed([BY_ID["default-value"]]))
    assert "cloudtrail:CreateTrail" not in plain
    assert plain | {"cloudtrail:CreateTrail"} <= set(
        permissions.needed([BY_ID["default-value"], BY_ID["log-event-time"]])
    )


def test_nothing_here_knows_of_the_local_cloud(repo: Path) -> None:
    for file in (repo / "secretwatch/verify").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module)]
            for name in names:
                assert not name.startswith(("localstack", "secretwatch.localstack", "secretwatch.local")), (
                    file
                )
