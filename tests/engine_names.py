"""What the plugin names of LocalStack and moto, and how it calls it, read from its syntax trees."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ENGINE = frozenset({"localstack", "moto", "plux", "rolo"})
_OF_ANY_COLLECTION = frozenset({"append", "get", "items", "values"})

Names = Mapping[str, set[str]]
"""`module:name`, or `module:name.attribute`, and the files that name it."""


@dataclass(frozen=True)
class Called:
    """One call, as far as it can be read: without what is unpacked into it."""

    name: str
    place: str
    positional: int
    keywords: tuple[str, ...]


@cache
def trees(package: Path) -> dict[str, ast.Module]:
    """Of the files that say a word of the engine."""
    texts = {file: file.read_text(encoding="utf-8") for file in sorted(package.rglob("*.py"))}
    return {
        str(file.relative_to(package.parent)): ast.parse(text)
        for file, text in texts.items()
        if any(word in text for word in ENGINE)
    }


def named_in(package: Path) -> Names:
    own = {
        each.name: _defined(each)
        for tree in trees(package).values()
        for each in ast.walk(tree)
        if isinstance(each, ast.ClassDef)
    }
    found: dict[str, set[str]] = defaultdict(set)
    for file, tree in trees(package).items():
        for name in _named(tree, own):
            found[name].add(file)
    return found


def calls_in(package: Path) -> Iterator[Called]:
    for file, tree in trees(package).items():
        known = _known(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (name := _path(node.func, known)):
                taken = [each for each in node.args if not isinstance(each, ast.Starred)]
                keywords = tuple(each.arg for each in node.keywords if each.arg)
                if len(taken) == len(node.args) and len(keywords) == len(node.keywords):
                    yield Called(name, f"{file}:{node.lineno}", len(taken), keywords)


def overridden_in(package: Path) -> Iterator[tuple[str, str]]:
    """Of classes that have a base in the engine: the base, and each private method of their own."""
    for tree in trees(package).values():
        known = _known(tree)
        for node in ast.walk(tree):
            for base in node.bases if isinstance(node, ast.ClassDef) else ():
                name = _path(base, known)
                for each in node.body if name else ():
                    private = isinstance(each, ast.FunctionDef) and each.name.startswith("_")
                    if private and not each.name.startswith("__"):
                        yield name, each.name


def _known(tree: ast.Module) -> dict[str, str]:
    """Names here, and what they are in the engine: by import, or by `task = module.Task`."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {each.asname or each.name: each.name for each in node.names if _is_engine(each.name)}
        elif isinstance(node, ast.ImportFrom) and not node.level and _is_engine(node.module or ""):
            known |= {each.asname or each.name: f"{node.module}:{each.name}" for each in node.names}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            path = _path(node.value, known)
            if isinstance(target, ast.Name) and path and "." in path.partition(":")[2]:
                known[target.id] = path
    return known


def _id(node: ast.AST) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


def _is_engine(module: str) -> bool:
    return module.partition(".")[0] in ENGINE


def _path(node: ast.AST, known: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute) and (before := _path(node.value, known)):
        return f"{before}.{node.attr}"
    return None


def _named(tree: ast.Module, own: Mapping[str, set[str]]) -> Iterator[str]:
    known = _known(tree)
    yield from known.values()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr not in _OF_ANY_COLLECTION:
            if path := _path(node, known):
                yield path
        elif isinstance(node, ast.Call) and _id(node.func) in ("getattr", "setattr"):
            path = _path(node.args[0], known)
            if path and isinstance(node.args[1], ast.Constant):
                yield f"{path}.{node.args[1].value}"
        elif isinstance(node, ast.ClassDef):
            yield from _inherited(node, known, own)


def _inherited(node: ast.ClassDef, known: Mapping[str, str], own: Mapping[str, set[str]]) -> Iterator[str]:
    """What a class asks of its base in the engine: by super(), and on self where no class here has it."""
    names = [each.id for each in node.bases if isinstance(each, ast.Name)]
    bases = [known[each] for each in names if each in known]
    if len(bases) != 1:
        return
    here = _defined(node).union(*(own.get(each, set()) for each in names))
    for each in ast.walk(node):
        if isinstance(each, ast.Attribute):
            by_super = isinstance(each.value, ast.Call) and _id(each.value.func) == "super"
            if by_super or (_id(each.value) == "self" and each.attr not in here):
                yield f"{bases[0]}.{each.attr}"


def _defined(node: ast.ClassDef) -> set[str]:
    """What a class has of its own: methods, and what it stores on itself."""
    methods = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
    return methods | {
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store) and _id(each.value) == "self"
    }
