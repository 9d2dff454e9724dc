"""A definition is parsed once, however often it is asked for, and quickly.

LocalStack parses it wherever it validates, describes or starts one, a second of computing for 30 KB. The tree
is only read; what runs is made from it anew for each execution, since executions keep things in it.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

from antlr4 import CommonTokenStream, InputStream, PredictionMode
from localstack.services.stepfunctions.asl.antlr.runtime.ASLLexer import ASLLexer
from localstack.services.stepfunctions.asl.antlr.runtime.ASLParser import ASLParser
from localstack.services.stepfunctions.asl.parse.asl_parser import (
    AmazonStateLanguageParser,
    ASLParserException,
    SyntaxErrorListener,
)
from localstack.services.stepfunctions.asl.parse.preprocessor import Preprocessor
from localstack.services.stepfunctions.asl.static_analyser.static_analyser import StaticAnalyser
from localstack.services.stepfunctions.asl.static_analyser.variable_references_static_analyser import (
    VariableReferencesStaticAnalyser,
)


def install() -> None:
    """From now on LocalStack parses so."""
    AmazonStateLanguageParser.parse = staticmethod(_parse)
    StaticAnalyser.analyse = lambda self, definition: self.visit(_proven(definition))
    find = lru_cache(maxsize=256)(VariableReferencesStaticAnalyser.process_and_get)
    VariableReferencesStaticAnalyser.process_and_get = staticmethod(
        lambda definition: copy.deepcopy(find(definition))
    )


def _parse(definition: str) -> tuple[Any, Any]:
    tree = _proven(definition)
    return Preprocessor().visit(tree), tree


# A tree takes some 90 times the memory of its text.
@lru_cache(maxsize=32)
def _proven(definition: str) -> Any:
    """The tree of what something that runs can be made of, too."""
    try:
        # What this mode reads without an error is what the other reads, in a fraction of the time.
        # https://www.antlr.org/api/Java/org/antlr/v4/runtime/atn/PredictionMode.html#SLL
        tree = _tree(definition, PredictionMode.SLL)
    except ASLParserException:
        tree = _tree(definition, PredictionMode.LL)
    Preprocessor().visit(tree)
    return tree


def _tree(definition: str, mode: Any) -> Any:
    listener = SyntaxErrorListener()
    parser = ASLParser(CommonTokenStream(ASLLexer(InputStream(definition))))
    parser._interp.predictionMode = mode
    parser.removeErrorListeners()
    parser.addErrorListener(listener)
    tree = parser.state_machine()
    if listener.errors:
        raise ASLParserException(errors=listener.errors)
    return tree
