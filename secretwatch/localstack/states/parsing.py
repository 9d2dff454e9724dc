"""A definition is parsed once, however often it is asked for.

LocalStack parses it at each DescribeStateMachine (for the names of its variables) and at each start, half a
second of computing for a definition of 30 KB. The tree is only read; what runs is made from it anew for each
execution, since executions keep things in it.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

from antlr4 import CommonTokenStream, InputStream
from localstack.services.stepfunctions.asl.antlr.runtime.ASLLexer import ASLLexer
from localstack.services.stepfunctions.asl.antlr.runtime.ASLParser import ASLParser
from localstack.services.stepfunctions.asl.parse.asl_parser import (
    AmazonStateLanguageParser,
    ASLParserException,
    SyntaxErrorListener,
)
from localstack.services.stepfunctions.asl.parse.preprocessor import Preprocessor
from localstack.services.stepfunctions.asl.static_analyser.variable_references_static_analyser import (
    VariableReferencesStaticAnalyser,
)


def install() -> None:
    """From now on LocalStack parses so."""
    AmazonStateLanguageParser.parse = staticmethod(_parse)
    find = lru_cache(maxsize=256)(VariableReferencesStaticAnalyser.process_and_get)
    VariableReferencesStaticAnalyser.process_and_get = staticmethod(
        lambda definition: copy.deepcopy(find(definition))
    )


def _parse(definition: str) -> tuple[Any, Any]:
    tree = _tree(definition)
    return Preprocessor().visit(tree), tree


# A tree takes some 90 times the memory of its text.
@lru_cache(maxsize=32)
def _tree(definition: str) -> Any:
    listener = SyntaxErrorListener()
    parser = ASLParser(CommonTokenStream(ASLLexer(InputStream(definition))))
    parser.removeErrorListeners()
    parser.addErrorListener(listener)
    tree = parser.state_machine()
    if listener.errors:
        raise ASLParserException(errors=listener.errors)
    return tree
