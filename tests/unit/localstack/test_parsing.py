"""A state machine's definition is parsed once, and what is made from it is nobody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from antlr4 import PredictionMode

from secretwatch.localstack.states.stubs import standing_in

with standing_in():
    from localstack.services.stepfunctions.asl.antlr.runtime.ASLParser import ASLParser
    from localstack.services.stepfunctions.asl.parse.asl_parser import (
        AmazonStateLanguageParser,
        ASLParserException,
    )
    from localstack.services.stepfunctions.asl.static_analyser.static_analyser import StaticAnalyser
    from localstack.services.stepfunctions.asl.static_analyser.variable_references_static_analyser import (
        VariableReferencesStaticAnalyser,
    )

    from secretwatch.localstack.states import parsing


def definition(**state: Any) -> str:
    return json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, **state}}})


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in (
        (AmazonStateLanguageParser, "parse"),
        (VariableReferencesStaticAnalyser, "process_and_get"),
    ):
        monkeypatch.setattr(owner, name, staticmethod(getattr(owner, name)))
    monkeypatch.setattr(StaticAnalyser, "analyse", StaticAnalyser.analyse)
    parsing.install()


def test_the_same_text_is_parsed_once_and_made_into_something_new_each_time() -> None:
    text = definition(Result=1)
    (first, tree), (second, same) = (AmazonStateLanguageParser.parse(text) for _ in range(2))
    assert tree is same
    assert first is not second
    assert first.states is not second.states
    assert AmazonStateLanguageParser.parse(definition(Result=2))[1] is not tree


def test_what_is_no_definition_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(ASLParserException):
            AmazonStateLanguageParser.parse(definition(Nonsense={}))
        with pytest.raises(ASLParserException):
            StaticAnalyser().analyse(definition(Nonsense={}))


def test_what_nothing_that_runs_can_be_made_of_is_refused() -> None:
    with pytest.raises(ValueError, match="WaitFunction"):
        StaticAnalyser().analyse(definition(Type="Wait"))


def test_the_quick_way_to_read_reads_the_same() -> None:
    text = definition(
        Type="Map",
        ItemProcessor={
            "StartAt": "B",
            "States": {
                "B": {
                    "Type": "Choice",
                    "Choices": [
                        {"And": [{"Variable": "$.a", "IsPresent": True}], "Next": "C"},
                        {"Variable": "$.a", "StringMatches": "x*", "Next": "C"},
                    ],
                    "Default": "C",
                },
                "C": {
                    "Type": "Pass",
                    "Parameters": {
                        "a.$": "States.Format('{}', $$.State.Name)",
                        "Next": "b",
                        "b": [1, {"$": 2}],
                    },
                    "End": True,
                },
            },
        },
    )
    quick, slow = (
        parsing._tree(text, mode).toStringTree(ASLParser.ruleNames)
        for mode in (PredictionMode.SLL, PredictionMode.LL)
    )
    assert quick == slow


def test_names_of_variables_are_the_askers_own() -> None:
    text = definition(QueryLanguage="JSONPath", Parameters={"a.$": "$name"})
    find = VariableReferencesStaticAnalyser.process_and_get
    assert find(text) == {"A": ["name"]}
    find(text)["A"].append("other")
    assert find(text) == {"A": ["name"]}
