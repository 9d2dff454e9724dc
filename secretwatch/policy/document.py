"""Policy documents: JSON text to statements, in the grammar's shapes.

Here: what makes a document no policy at all (`MalformedPolicy`). Not here: what its statements mean; an
element in the wrong place or of the wrong type is kept and judged, as not understood, when it is evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

VERSIONS = ("2012-10-17", "2008-10-17")


class MalformedPolicy(ValueError):
    """The text is not a policy document; the message says where and why."""


@dataclass(frozen=True)
class Statement:
    """One statement: `name` is its Sid, or "statement N" (from 1); `elements` are as written."""

    name: str
    effect: str
    elements: Mapping[str, Any]


@dataclass(frozen=True)
class Policy:
    """A policy document.

    Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
    Without a Version it is "2008-10-17", in which `${...}` is plain text.
    """

    version: str
    statements: tuple[Statement, ...]

    @property
    def has_variables(self) -> bool:
        return self.version == "2012-10-17"

    @classmethod
    def parse(cls, source: str | bytes | Mapping[str, Any] | Policy) -> Policy:
        """A policy from its JSON text or from what that text parses to. Raises MalformedPolicy."""
        if isinstance(source, Policy):
            return source
        document = _load(source) if isinstance(source, str | bytes) else source
        if not isinstance(document, Mapping):
            _malformed("a policy is a JSON object")
        for element in document:
            if element not in ("Version", "Id", "Statement"):
                _malformed(f"a policy has Version, Id and Statement, not {element!r}")
        version = document.get("Version", "2008-10-17")
        if version not in VERSIONS:
            _malformed(f'Version is "2012-10-17" or "2008-10-17", not {version!r}')
        statements = document.get("Statement")
        if isinstance(statements, Mapping):
            statements = [statements]
        if not isinstance(statements, list | tuple) or not statements:
            _malformed("Statement is an object or a list of at least one")
        return cls(version, tuple(_statement(number, each) for number, each in enumerate(statements, 1)))


def _statement(number: int, elements: object) -> Statement:
    if not isinstance(elements, Mapping):
        _malformed(f"statement {number} is not an object")
    sid = elements.get("Sid")
    if sid is not None and not isinstance(sid, str):
        _malformed(f"the Sid of statement {number} is not a string")
    effect = elements.get("Effect")
    if effect not in ("Allow", "Deny"):
        _malformed(f'the Effect of statement {number} is "Allow" or "Deny", not {effect!r}')
    return Statement(f'"{sid}"' if sid else f"statement {number}", effect, elements)


def _load(text: str | bytes) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates)
    except MalformedPolicy:
        raise
    except RecursionError:
        _malformed("it is nested too deeply")
    except ValueError as error:
        _malformed(f"not JSON: {error}")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # The last of two equal keys would win unseen, and with it another policy than the reader sees.
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            _malformed(f"{key!r} stands twice in one object")
        found[key] = value
    return found


def _malformed(why: str) -> NoReturn:
    raise MalformedPolicy(f"Malformed policy: {why}.")
