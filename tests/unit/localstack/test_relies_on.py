"""What the plugin relies on of LocalStack is listed, and there, in the form in which it is relied on."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from engine_names import Names, calls_in, named_in, overridden_in, trees

from secretwatch.localstack.engine.relies_on import ENTRY_POINTS, Relied, relied_on
from secretwatch.localstack.states.stubs import standing_in

REPO = Path(__file__).parents[3]
PACKAGE = REPO / "secretwatch"
LISTED = {each.name: each for each in relied_on()}
ANY = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}


@pytest.fixture(scope="module")
def named() -> Names:
    return named_in(PACKAGE)


@pytest.fixture(scope="module", autouse=True)
def _step_functions() -> None:
    with standing_in():
        importlib.import_module("localstack.services.stepfunctions.provider")


def resolved(name: str) -> Any:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        if not hasattr(found, part) and inspect.ismodule(found):
            importlib.import_module(f"{found.__name__}.{part}")
        found = getattr(found, part)
    return found


def is_set_on_instances(name: str) -> bool:
    """Whether the class, or one that it is made of, sets that attribute on itself."""
    of, _, attribute = name.rpartition(".")
    try:
        kinds = inspect.getmro(resolved(of))
    except (AttributeError, ImportError):
        return False
    sources = [inspect.getsource(kind) for kind in kinds if kind.__module__ != "builtins"]
    return any(re.search(rf"\bself\.{attribute}(?::[^=\n]+)? = ", text) for text in sources)


def fault(relied: Relied) -> str | None:
    """What is wrong with a name of the list: the end of a sentence."""
    try:
        found = resolved(relied.name)
    except (AttributeError, ImportError) as error:
        is_there = relied.is_added or is_set_on_instances(relied.name)
        return None if is_there else f"is not there ({error})"
    if relied.is_added:
        # Where the plugin has started in this process, it is there.
        is_ours = found is None or (isinstance(found, property) and "secretwatch" in found.fget.__module__)
        return None if is_ours else "is there by itself now, and need not be added"
    if relied.parameters is None:
        return None
    return _misfit(found, relied.parameters) if callable(found) else "is nothing to call any more"


def _misfit(function: Any, given: tuple[str, ...]) -> str | None:
    parameters = inspect.signature(function).parameters
    takes_any = ANY & {each.kind for each in parameters.values()}
    missing = [each for each in given if each not in parameters]
    if missing and not takes_any:
        return f"takes no {', '.join(missing)}, but {', '.join(parameters) or 'nothing'}"
    wanted = [
        name for name, each in parameters.items() if each.default is each.empty and each.kind not in ANY
    ]
    if more := [each for each in wanted if each not in (*given, "self")]:
        return f"wants {', '.join(more)} besides {', '.join(given) or 'nothing'}"
    return None


def faults(named: Names) -> Iterator[str]:
    for relied in LISTED.values():
        if wrong := fault(relied):
            who = ", ".join(sorted(named.get(relied.name, ["a text in the plugin"])))
            yield f"LocalStack's {relied.name} {wrong}. Relied on by {who}: {relied.why}."


def test_whatever_the_code_names_is_listed(named: Names) -> None:
    missing = {name: sorted(files) for name, files in named.items() if name not in LISTED}
    assert missing == {}, "name it in secretwatch/localstack/engine/relies_on.py, with what for"


def test_whatever_is_listed_is_used(named: Names) -> None:
    """By name, or by a text or a method here that has the same name."""
    texts = set[object]()
    for file, tree in trees(PACKAGE).items():
        for node in ast.walk(tree) if not file.endswith("relies_on.py") else ():
            texts |= {node.name} if isinstance(node, ast.FunctionDef) else set()
            texts |= {node.value} if isinstance(node, ast.Constant) else set()
    unused = [name for name in LISTED if name not in named and re.split("[.:]", name)[-1] not in texts]
    assert unused == []


def test_each_is_listed_once() -> None:
    assert len(LISTED) == len(list(relied_on()))


def test_the_installed_localstack_has_it_all(named: Names) -> None:
    assert list(faults(named)) == []


def test_each_call_is_one_that_the_installed_localstack_takes() -> None:
    wrong = []
    for call in calls_in(PACKAGE):
        function = resolved(call.name)
        if inspect.isclass(function) and function.__init__ is object.__init__:
            continue
        try:
            inspect.signature(function).bind(*[0] * call.positional, **dict.fromkeys(call.keywords))
        except TypeError as error:
            wrong.append(f"{call.place} calls {call.name} otherwise than LocalStack has it: {error}")
        except ValueError:
            continue  # written in C
    assert wrong == []


def test_what_is_overridden_of_its_own_is_listed() -> None:
    """A private method of LocalStack's that a class here has as well is called by what may be rewritten."""
    for base, method in overridden_in(PACKAGE):
        assert not hasattr(resolved(base), method) or f"{base}.{method}" in LISTED


def test_localstack_calls_the_entry_points_so() -> None:
    groups = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["entry-points"]
    assert {each for each in groups if each.startswith("localstack.")} == set(ENTRY_POINTS)
    for group, name in ENTRY_POINTS.items():
        assert resolved(name) == group


HOOK = "localstack.services.logs:provider.get_pattern_matcher"


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        (None, "is not there"),
        ("text", "is nothing to call any more"),
        (lambda text: text, "takes no pattern, but text"),
        (lambda pattern, group: group, "wants group besides pattern"),
    ],
)
def test_a_change_of_localstacks_is_told_with_who_relies_on_it(
    monkeypatch: pytest.MonkeyPatch, named: Names, instead: Any, said: str
) -> None:
    changed = SimpleNamespace() if instead is None else SimpleNamespace(get_pattern_matcher=instead)
    monkeypatch.setattr(sys.modules["localstack.services.logs"], "provider", changed)
    (told,) = (each for each in faults(named) if HOOK in each)
    assert told.startswith(f"LocalStack's {HOOK} {said}")
    assert "Relied on by secretwatch/localstack/logs/provider.py: The documented hook" in told
