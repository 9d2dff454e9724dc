"""The state machine of details, held against the language: by LocalStack's grammar of it, by what AWS refuses
beside that, and by the limits of each intrinsic function, which docs/on-aws.md has to name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from antlr4 import PredictionMode

from secretwatch.localstack.states.definition import problems
from secretwatch.localstack.states.stubs import standing_in

from .conftest import Plan
from .details import CASES, definition_of, states_of, templates

with standing_in():
    from localstack.services.stepfunctions.asl.antlr.runtime.ASLParser import ASLParser
    from localstack.services.stepfunctions.asl.static_analyser.static_analyser import StaticAnalyser

    from secretwatch.localstack.states import parsing
    from secretwatch.localstack.states.tasks import members

DOCS = Path(__file__).parents[2] / "docs/on-aws.md"
MOST_BYTES = 1_048_576


@pytest.fixture(scope="module", params=[pytest.param("most", marks=pytest.mark.later), "one"])
def text(request: pytest.FixtureRequest, details_plan: Plan) -> str:
    made = details_plan.of(f'details["{request.param}"]')
    return str(made["aws_sfn_state_machine.this"]["definition"])


def test_the_grammar_takes_it(text: str) -> None:
    StaticAnalyser().analyse(text)


@pytest.mark.later
def test_the_quick_way_to_read_it_reads_the_same(text: str) -> None:
    quick, slow = (
        parsing._tree(text, mode).toStringTree(ASLParser.ruleNames)
        for mode in (PredictionMode.SLL, PredictionMode.LL)
    )
    assert quick == slow


def test_no_state_is_missing_or_never_reached_and_calls_have_the_names_of_aws(text: str) -> None:
    assert problems(text, members) == []
    assert len(text) < MOST_BYTES


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ('"Next":"Patterns"', '"Next":"Nowhere"'),
        pytest.param('"StringEquals":', '"StringIs":', marks=pytest.mark.later),
        pytest.param(
            "aws-sdk:cloudwatchlogs:filterLogEvents", "aws-sdk:logs:filterLogEvents", marks=pytest.mark.later
        ),
        pytest.param('"StartTime.$"', '"startTime.$"', marks=pytest.mark.later),
        pytest.param("States.ArrayLength(", "States.Length(", marks=pytest.mark.later),
        pytest.param('"Type":"Map"', '"Type":"Maps"', marks=pytest.mark.later),
    ],
)
def test_what_is_wrong_in_it_would_be_found(details_plan: Plan, wrong: str, right: str) -> None:
    text = details_plan.of('details["one"]')["aws_sfn_state_machine.this"]["definition"]
    assert wrong in text
    broken = text.replace(wrong, right)
    StaticAnalyser().analyse(text)
    try:
        StaticAnalyser().analyse(broken)
    except Exception:
        return
    assert problems(broken, members) != []


def test_paths_are_of_the_forms_that_step_functions_documents(details_plan: Plan) -> None:
    """Reference paths, and of the operators `[*]`, `..`, slices, and filters that compare with a constant."""
    step = r"(?:\.\w+|\[\d+\]|\[\*\]|\[\d+:\d+\]|\.\.\w+|\[\?\(@\.\w+==(?:true|false|'[^']*')\)\])"
    for name, state in states_of(definition_of(details_plan.of('details["one"]'))):
        for text in templates(state):
            # In a function there is no filter.
            for path in [text] if text.startswith("$") else re.findall(r"(?<=[(\s])\$[^,\s)]*", text):
                assert re.fullmatch(r"\$\$?" + step + "+", path), (name, path)


def test_each_intrinsic_function_stands_in_the_docs_with_its_limits(details_plan: Plan) -> None:
    """And none that is not used."""
    used: set[str] = set()
    for case in CASES:
        for _, state in states_of(definition_of(details_plan.of(f'details["{case}"]'))):
            for text in templates(state):
                used |= set(re.findall(r"States\.[A-Z]\w+(?=\()", text))
    section = DOCS.read_text().split("### aws_sfn_state_machine.this (details)")[1].split("\n### ")[0]
    rows = [line.split("|")[1:-1] for line in section.splitlines() if line.startswith("| States.")]
    named = [name for row in rows for name in re.findall(r"States\.\w+", row[0])]
    assert sorted(named) == sorted(used)
    assert all(cell.strip() for row in rows for cell in row)


def test_every_number_of_days_that_a_clock_takes_is_a_whole_one(details_plan: Plan) -> None:
    """States.MathAdd takes whole numbers of 32 bits; times are added in tens of seconds until 2100."""
    definition = definition_of(details_plan.of('details["86400"]'))
    found: dict[str, Any] = dict(states_of(definition))["Start"]["Parameters"]["tables"]
    for text in found.values():
        numbers = re.findall(r"-?\d+(?:\.\d+)?", text)
        assert all(re.fullmatch(r"\d+", each) for each in numbers)
        assert max(map(int, numbers)) + 8640 * 366 < 2**31
    assert all(len(each) <= 10_000 for each in found.values())
    assert json.dumps(definition).count("States.Hash") == 0
