"""Whether what answers is AWS: its answers have the form that their API has.

It may be a proxy's page, half an answer, or an emulator. What reads an answer relies on its form, so each is
held against botocore's model before anybody reads it.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.parsers import ResponseParserError
from botocore.validate import ParamValidator


class OddAnswer(BotoCoreError):  # type: ignore[misc]
    """An answer that is not of the form that its API has."""

    fmt = "{operation} answered what is not of its form ({what})"


def look_at(http_response: Any, parsed: Any, model: Any, **_: Any) -> None:
    """A handler of botocore's event `after-call`: what is read after it is of its form."""
    if http_response.status_code < 300:
        in_form(parsed, model)


def in_form(answer: Any, operation: Any) -> Any:
    """An answer of AWS's, if it is of its API's form, as whatever reads it relies on. Raises OddAnswer.

    operation: botocore's model of it. What answers may be a proxy, or an emulator.
    """
    shape = operation.output_shape
    if shape is not None:
        ANSWERED.add(operation)
        wrong = _VALIDATOR.validate({k: v for k, v in answer.items() if k != "ResponseMetadata"}, shape)
        # Its report holds values, of which one may be a secret's.
        if places := _places(wrong):
            raise OddAnswer(operation=operation.name, what=", ".join(places))
        if odd := next(_no_arns(answer), None):
            raise OddAnswer(operation=operation.name, what=f"{odd} is no ARN")
    return answer


ANSWERED: set[Any] = set()
"""botocore's models of the operations that were answered in this process."""


def is_left_out(name: str) -> bool:
    """Whether an answer of this process could have had a member of this name."""

    def has(shape: Any, depth: int) -> bool:
        if shape is None or depth > 8:
            return False
        if shape.type_name == "structure":
            return name in shape.members or any(has(each, depth + 1) for each in shape.members.values())
        inner = {"list": "member", "map": "value"}.get(shape.type_name)
        return inner is not None and has(getattr(shape, inner), depth + 1)

    return any(has(each.output_shape, 0) for each in ANSWERED)


# What stands in the place of an ARN, where there is none yet or none any more.
_NO_ARN = ("", "PendingConfirmation", "Deleted")


def _no_arns(answer: Any) -> Iterator[str]:
    """Members by whose name they are ARNs, and are not."""
    for name, value in answer.items() if isinstance(answer, Mapping) else ():
        if isinstance(value, str):
            is_arn = name.lower().endswith("arn") and value not in _NO_ARN
            if is_arn and not (value.startswith("arn:") and value.count(":") >= 5):
                yield str(name)
        for each in value if isinstance(value, list) else [value]:
            yield from _no_arns(each)


def _places(wrong: Any) -> list[str]:
    # Policies that IAM answers botocore has read by then; a length that is new does no harm.
    found = {f"{name or 'answer'}: {kind}" for name, kind in _errors(wrong)}
    return sorted(found)[:3]


def _errors(wrong: Any) -> list[tuple[str, str]]:
    return [
        (where, kind)
        for kind, where, _ in wrong._errors
        if kind in ("invalid type", "unable to encode to json") and not where.endswith("Document")
    ]


_VALIDATOR = ParamValidator()


def is_unreadable(error: BaseException) -> bool:
    """Whether what answered was nothing that botocore could read: a proxy's page, or half an answer.

    The error's text may hold the answer.
    """
    if isinstance(error, ResponseParserError):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    reading = tuple(f"{os.sep}botocore{os.sep}{name}.py" for name in ("parsers", "utils", "validate"))
    odd = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
    return bool(frames) and frames[-1].filename.endswith(reading) and isinstance(error, odd)
