"""Which secret is meant: what a caller can send as an id, and whether that is a watched secret.

Callers send a secret's name, its whole ARN, or its ARN without the hyphen and six characters at the end
that Secrets Manager added (a partial ARN): as `secretId` of a call, or several as `secretIdList` of a batch.
A name alone is of the caller's own account (API_GetSecretValue: another account's secret needs an ARN). A
replica in another region has the same ARN but for the region (API_StopReplicationToReplica), so regions are
not compared.

Watched are names, whole and partial ARNs, prefixes that end in `*`, and `*` for all.

An ARN that ends in a hyphen and six characters has two readings: the whole ARN of `app`, or the partial ARN
of a secret whose name is `app-secret`. Secrets Manager takes it for whole (user guide, "Finding a secret
from a partial ARN"), and lets names end so (API_CreateSecret only advises against it). Whoever watches one of
these may mean either: so there are three answers, and what is unsure has to ring.

modules/watch decides the same in CloudWatch's language, modules/realtime in EventBridge's. This room knows
no cloud, no clock and no files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

SOURCE = "secretsmanager.amazonaws.com"
READS = ("GetSecretValue", "BatchGetSecretValue")
"""The calls whose answers hold secrets' values."""

_ARN = re.compile(
    r"arn:[^:]+:secretsmanager:(?P<region>[^:]*):(?P<account>[^:]*):secret:(?P<rest>.+)", re.DOTALL
)
_WHOLE = re.compile(r"(?P<name>.+)-(?P<suffix>[A-Za-z0-9]{6})", re.DOTALL)
_WORD = re.compile(r"([A-Z]?[a-z]*|[A-Z]*)[0-9]*")


class Answer(Enum):
    """Whether an id is of a watched secret. What is unsure has to ring."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"

    @property
    def rings(self) -> bool:
        return self is not Answer.NO


@dataclass(frozen=True)
class Reading:
    """One secret that a text may stand for. account, suffix: None where any will do."""

    name: str
    account: str | None = None
    suffix: str | None = None


def readings(text: str, account: str | None = None) -> tuple[Reading, ...]:
    """What a name or an ARN may stand for; first what Secrets Manager takes it for.

    account: of a name alone.
    """
    found = _ARN.fullmatch(text)
    if found is None:
        return (Reading(text, account),)
    partial = Reading(found["rest"], found["account"])
    whole = _WHOLE.fullmatch(found["rest"])
    return (Reading(whole["name"], found["account"], whole["suffix"]), partial) if whole else (partial,)


def answer(
    watched: str,
    asked: str,
    account: str | None = None,
    *,
    organization: bool = False,
    caller: str | None = None,
) -> Answer:
    """Whether an id that a caller sends is of a watched secret.

    watched: a name, an ARN, a prefix or `*`. account: where the watch is, None when that is not known.
    organization: whether the watch sees the calls of other accounts too, where a watched name is any
    account's. caller: the account that recorded the call, where it is not the watch's.
    """
    if watched == "*":
        return Answer.YES
    of_names = None if organization else account
    asked_for = readings(asked, caller or account)
    if watched.endswith("*"):
        # A prefix may be an ARN's.
        (start,) = readings(watched[:-1], of_names)[-1:]
        begins = [
            _same(start.account, each.account) and each.name.startswith(start.name) for each in asked_for
        ]
        return Answer.YES if begins[0] else Answer.UNSURE if any(begins) else Answer.NO
    meant = readings(watched, of_names)
    if _is_same(meant[0], asked_for[0]):
        return Answer.YES
    if any(_is_same(one, other) for one in meant for other in asked_for) or made_anew(watched, asked):
        return Answer.UNSURE
    return Answer.NO


def answer_of_any(
    watched: Iterable[str],
    asked: Iterable[str],
    account: str | None = None,
    *,
    organization: bool = False,
    caller: str | None = None,
) -> Answer:
    """Whether any of the ids is of any watched secret; unsure where there are no ids, which could be any."""
    watched, asked = list(watched), list(asked)
    answers = {
        answer(each, one, account, organization=organization, caller=caller)
        for each in watched
        for one in asked
    }
    if Answer.YES in answers or "*" in watched:
        return Answer.YES
    return Answer.UNSURE if Answer.UNSURE in answers or not asked else Answer.NO


def asked_for(event: Mapping[str, Any]) -> list[str]:
    """The ids in a CloudTrail event: that of a call, or those of a batch."""
    parameters = event.get("requestParameters") or {}
    several = parameters.get("secretIdList") or []
    return [str(each) for each in (parameters.get("secretId"), *several) if each]


def made_anew(watched: str, asked: str) -> bool:
    """Whether both are whole ARNs that differ in their suffixes alone: who deletes a secret and creates one
    of that name gets another suffix."""
    one, other = readings(watched)[0], readings(asked)[0]
    return (
        (one.name, one.account) == (other.name, other.account)
        and None not in (one.suffix, other.suffix)
        and one.suffix != other.suffix
    )


def names(text: str) -> tuple[str, ...]:
    """The names that a name or an ARN may stand for; first what Secrets Manager takes it for."""
    return tuple(each.name for each in readings(text))


def name(text: str) -> str:
    """The name in an ARN, or the name itself."""
    return names(text)[0]


def forms(text: str, *, is_whole: bool = False) -> list[str]:
    """The ways in which a caller may name a watched secret, as far as they are known; of a prefix, one.

    An ARN's second reading is among them where its end looks like part of a name. is_whole: it is known for
    a whole ARN, as that of a secret that exists.
    """
    if text.endswith("*"):
        return [f"{text[:-1]}a-secret"]
    found = readings(text)
    if text == found[0].name:
        return [text]
    arn = text.removesuffix(found[-1].name)
    ways = [text, *(arn + each.name for each in found), found[0].name]
    if len(found) > 1 and not is_whole and looks_like_a_word(found[0].suffix or ""):
        ways.append(found[1].name)
    return list(dict.fromkeys(ways))


def looks_like_a_word(suffix: str) -> bool:
    """Whether six characters are a word or a number rather than random: of random ones fewer than 1 in 40."""
    return _WORD.fullmatch(suffix) is not None


def region(text: str) -> str | None:
    """The region in an ARN; a name has none."""
    found = _ARN.fullmatch(text)
    return found["region"] if found else None


def account(text: str) -> str | None:
    """The account in an ARN; a name has none."""
    found = _ARN.fullmatch(text)
    return found["account"] if found else None


def is_prefix(text: str) -> bool:
    """Whether a watched text stands for many secrets."""
    return text.endswith("*")


def _same(one: str | None, other: str | None) -> bool:
    return None in (one, other) or one == other


def _is_same(one: Reading, other: Reading) -> bool:
    return one.name == other.name and _same(one.account, other.account) and _same(one.suffix, other.suffix)
