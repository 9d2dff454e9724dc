"""What the files of a folder say for certain about a value that is written as a reference.

Followed: a local, a variable by what a .tfvars file gives it or by its default, and texts that are put
together of such. Not followed: all that Terraform works out (functions, count, each, modules, resources).
Texts in, values out. Which file gives a variable its value:
https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import hcl2
from hcl2.utils import SerializationOptions

Scalar = str | int | float | bool | None

_OPTIONS = SerializationOptions(with_comments=False, explicit_blocks=False, preserve_heredocs=False)
_EXPRESSION = re.compile(r"\$\{\s*(.*?)\s*\}", re.DOTALL)
_REFERENCE = re.compile(r"(var|local)\.([A-Za-z_][\w-]*)")
_TEMPLATE = re.compile(
    r"(?P<escape>[$%])(?P=escape)\{|\$\{\s*(?P<reference>[\w.-]+)\s*\}|(?P<other>[$%]\{.*)", re.DOTALL
)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?")
_FIRST = ("terraform.tfvars", "terraform.tfvars.json")
_SHOWN = 60  # characters of an expression
_LONGEST = 10_000  # characters of a text: CloudWatch's are far shorter, and texts of texts grow fast
_FURTHEST = 50  # locals on the way to a value


class NotHcl(ValueError):
    """A file cannot be read as HCL; the message is one sentence."""


class Unknown(ValueError):
    """Only a plan knows the value; the message says why, as a clause without a full stop."""


def parsed(file: str, text: str) -> dict[str, Any]:
    """A file's blocks and attributes: an expression is `${…}`, a text has quotation marks. Raises NotHcl."""
    try:
        found: dict[str, Any] = hcl2.loads(text, serialization_options=_OPTIONS)
    except Exception as error:  # lark raises many kinds
        first = str(error).strip().partition("\n")[0]
        raise NotHcl(f"{file} cannot be read as HCL: {first}") from None
    return found


def is_settings(name: str) -> bool:
    """Whether Terraform itself takes variables' values from a file of this name."""
    return name in _FIRST or name.endswith((".auto.tfvars", ".auto.tfvars.json"))


class Values:
    """The values of one folder.

    files: its .tf files, parsed. beside: its further ones, as texts by name; they are parsed when a name is
    asked for, and no name is certain if one of them cannot be read. settings: its .tfvars files, as texts by
    name without the folder. A text is None where the file cannot be read.
    """

    def __init__(
        self,
        files: Iterable[Mapping[str, Any]],
        beside: Mapping[str, str | None] | None = None,
        settings: Mapping[str, str | None] | None = None,
    ) -> None:
        self._files = list(files)
        self._beside = beside or {}
        self._settings = settings or {}
        self._locals: dict[str, tuple[Scalar, frozenset[str]]] = {}

    def read(self, written: Any) -> tuple[Scalar, frozenset[str]]:
        """The value of what is written, and what it was taken from: `local.a`, `the default of var.b`.

        written: as `parsed` has it. Raises Unknown.
        """
        return self._read(written, ())

    def _read(self, written: Any, way: tuple[str, ...]) -> tuple[Scalar, frozenset[str]]:
        if isinstance(written, dict | list):
            raise Unknown(f"{way[-1] if way else 'it'} is a list or an object")
        if not isinstance(written, str):
            return written, frozenset()
        if not written.startswith('"'):
            inner = _EXPRESSION.fullmatch(written)
            return self._named(inner[1] if inner else written, way)
        try:
            text = str(json.loads(written, strict=False))
        except ValueError:
            raise Unknown(_in_a_plan(written)) from None
        if (only := _TEMPLATE.fullmatch(text)) and only["reference"]:
            # It has the type of what it refers to.
            return self._named(only["reference"], way)
        taken: set[str] = set()
        put_together = "".join(self._pieces(text, way, taken))
        if taken and len(put_together) > _LONGEST:
            raise Unknown(f"a text is put together of more than {_LONGEST:,} characters")
        return put_together, frozenset(taken)

    def _pieces(self, text: str, way: tuple[str, ...], taken: set[str]) -> Iterator[str]:
        end = 0
        for found in _TEMPLATE.finditer(text):
            yield text[end : found.start()]
            end = found.end()
            if found["escape"]:
                yield found["escape"] + "{"
                continue
            if found["other"]:
                raise Unknown(_in_a_plan(found["other"]))
            value, by = self._named(found["reference"], way)
            taken |= by
            if value is None or isinstance(value, float):
                raise Unknown(_in_a_plan(found["reference"]))
            yield _as_text(value)
        yield text[end:]

    def _named(self, expression: str, way: tuple[str, ...]) -> tuple[Scalar, frozenset[str]]:
        reference = _REFERENCE.fullmatch(expression)
        if reference is None:
            raise Unknown(_in_a_plan(expression))
        if expression in way:
            raise Unknown(f"{expression} refers to itself")
        if reference[1] == "var":
            return self._variable(reference[2])
        if len(way) == _FURTHEST:
            raise Unknown(f"{way[0]} refers to one local after the other, more than {_FURTHEST} times")
        if expression not in self._locals:
            value, by = self._read(self._once("local", reference[2]), (*way, expression))
            self._locals[expression] = value, by | {expression}
        return self._locals[expression]

    def _variable(self, name: str) -> tuple[Scalar, frozenset[str]]:
        declared = self._once("var", name)
        if any(declared.get(each, False) is not False for each in ("sensitive", "ephemeral")):
            raise Unknown(f"var.{name} is sensitive")
        given, unread = self._given
        if name in given and not (given[name][1] is None and declared.get("nullable") is False):
            file, written = given[name]
            by = f"var.{name} in {file}"
        elif unread:
            raise Unknown(f"{unread}, which may set var.{name}, cannot be read")
        elif "default" not in declared:
            raise Unknown(f"var.{name} has no default")
        else:
            written, by = declared["default"], f"the default of var.{name}"
        # No other value may stand in a default or in such a file.
        value, taken = self._read(written, (f"var.{name}",))
        if taken:
            raise Unknown(f"var.{name} refers to something")
        return _converted(value, declared.get("type"), name), frozenset({by})

    def _once(self, kind: str, name: str) -> Any:
        """What is written there. Override files may write it again, and then it depends on more than one."""
        found, unread = self._defined
        if unread:
            raise Unknown(f"{unread}, which may define {kind}.{name}, cannot be read")
        written = found.get(f"{kind}.{name}", [])
        if len(written) != 1:
            raise Unknown(f"{kind}.{name} is {'defined more than once' if written else 'not defined here'}")
        return written[0]

    @cached_property
    def _defined(self) -> tuple[dict[str, list[Any]], str]:
        files = list(self._files)
        for file, text in sorted(self._beside.items()):
            try:
                files.append(parsed(file, _there(text)))
            except ValueError:
                return {}, file
        found: dict[str, list[Any]] = {}
        for each in files:
            for block in each.get("locals", []):
                for name, written in block.items():
                    found.setdefault(f"local.{name}", []).append(written)
            for block in each.get("variable", []):
                for name, body in block.items():
                    if isinstance(body, dict):
                        found.setdefault(f"var.{name.strip(chr(34))}", []).append(body)
        return found, ""

    @cached_property
    def _given(self) -> tuple[dict[str, tuple[str, Any]], str]:
        """By variable: file and what it says; and the last file that cannot be read: it may say otherwise."""
        given: dict[str, tuple[str, Any]] = {}
        unread = ""
        for file in in_order(self._settings):
            try:
                found = _settings(file, self._settings[file])
            except ValueError:
                given, unread = {}, file
            else:
                given |= {name: (file, written) for name, written in found.items()}
        return given, unread


def in_order(names: Iterable[str]) -> list[str]:
    """Names of .tfvars files, by precedence: what a later one says counts."""
    found = set(filter(is_settings, names))
    return [each for each in _FIRST if each in found] + sorted(found.difference(_FIRST))


def _settings(file: str, text: str | None) -> dict[str, Any]:
    """What a .tfvars file says, as `parsed` has it. Raises ValueError: its message may hold a secret."""
    if not file.endswith(".json"):
        return parsed(file, _there(text))
    found = json.loads(_there(text))
    if not isinstance(found, dict):
        raise ValueError(file)
    # A text in JSON is meant as it stands there.
    return {name: _quoted(each) if isinstance(each, str) else each for name, each in found.items()}


def _there(text: str | None) -> str:
    if text is None:
        raise ValueError("no text")
    return text


def _quoted(text: str) -> str:
    return json.dumps(re.sub(r"([$%])\{", r"\1\1{", text))


def _converted(value: Scalar, kind: Any, name: str) -> Scalar:
    """A variable's value as one of its type; type: as `parsed` has it."""
    kind = kind.strip('"') if isinstance(kind, str) else "any"
    if kind in ("any", "${any}") or value is None:
        return value
    if kind == "string" and not isinstance(value, float):
        return _as_text(value)
    if kind == "number" and isinstance(value, str) and (number := _NUMBER.fullmatch(value)):
        return float(value) if number[1] else int(value)
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if kind == "bool" and isinstance(value, bool):
        return value
    raise Unknown(f"var.{name} is converted to another type")


def _as_text(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _in_a_plan(expression: str) -> str:
    shown = " ".join(expression.split())
    return f"`{shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + '…'}` is known only in a plan"
