"""Words for what differs: of long documents where they differ, and nothing besides. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from secretwatch.pipeline.doctor.intent import Difference

_LONGEST, _BEFORE, _FEW = 160, 40, 4
_NOTHING = object()
Part = tuple[str, Any, Any]
"""A path, what is there, what was."""


def said(found: Iterable[Difference]) -> str:
    words = []
    for each in found:
        live, wanted = _loaded(each.live), _loaded(each.wanted)
        parts: list[Part] = [("", live, wanted)]
        if max(len(_text_of(live)), len(_text_of(wanted))) > _LONGEST:
            parts = list(_differing(live, wanted, "")) or parts
        words += [_words(f"{each.member}{path}", one, other) for path, one, other in parts[:_FEW]]
        if len(parts) > _FEW:
            more = len(parts) - _FEW
            words.append(f"and {more} more place{'s' * (more > 1)} of {each.member}")
    return "; ".join(words)


def _words(path: str, live: Any, wanted: Any) -> str:
    if live is _NOTHING:
        return f"{path} is gone, and was {_part(_text_of(wanted), 0)}"
    if wanted is _NOTHING:
        return f"{path} is new: {_part(_text_of(live), 0)}"
    now, before = _text_of(live), _text_of(wanted)
    # Of long values what they have in common at their beginning is left out.
    is_long = max(len(now), len(before)) > _LONGEST
    pairs = enumerate(zip(now, before, strict=False))
    shorter = min(len(now), len(before))
    same = next((at for at, (one, other) in pairs if one != other), shorter) if is_long else 0
    return f"{path} is {_part(now, same)}, and was {_part(before, same)}"


def _loaded(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _differing(live: Any, wanted: Any, path: str) -> Iterator[Part]:
    live, wanted = _loaded(live), _loaded(wanted)
    if live == wanted:
        return
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        for name in sorted({*live, *wanted}, key=str):
            here = f"{path}.{name}"
            if name not in live or name not in wanted:
                yield here, live.get(name, _NOTHING), wanted.get(name, _NOTHING)
            else:
                yield from _differing(live[name], wanted[name], here)
    elif isinstance(live, list) and isinstance(wanted, list):
        yield from _of_lists(live, wanted, path)
    else:
        yield path, live, wanted


def _of_lists(live: list[Any], wanted: list[Any], path: str) -> Iterator[Part]:
    """Elements with the same name are compared, and what is left of both in its order."""
    new = [(number, each) for number, each in enumerate(live) if each not in wanted]
    gone = [(number, each) for number, each in enumerate(wanted) if each not in live]
    pairs = []
    for number, each in list(new):
        name = _name(each)
        other = next((one for one in gone if name is not None and _name(one[1]) == name), None)
        if other:
            pairs.append((number, each, other[1]))
            new.remove((number, each))
            gone.remove(other)
    if len(new) == len(gone):
        pairs += [(number, each, other) for (number, each), (_, other) in zip(new, gone, strict=True)]
        new, gone = [], []
    for number, each, other in sorted(pairs, key=lambda pair: pair[0]):
        yield from _differing(each, other, f"{path}[{number}]")
    for number, each in new:
        yield f"{path}[{number}]", each, _NOTHING
    for number, each in gone:
        yield f"{path}[{number}]", _NOTHING, each


def _name(element: Any) -> Any:
    """What tells an element of a list from others, where it has that."""
    if not isinstance(element, Mapping):
        return None
    return next((element[name] for name in ("Sid", "Id", "ID", "Name") if element.get(name)), None)


def _text_of(value: Any) -> str:
    if value in (None, "", [], {}):
        return "not set"
    return json.dumps(_loaded(value), ensure_ascii=False, default=str, sort_keys=True)


def _part(text: str, same: int) -> str:
    begin = max(same - _BEFORE, 0)
    end = begin + _LONGEST
    return f"{'…' * (begin > 0)}{text[begin:end]}{'…' * (end < len(text))}"
