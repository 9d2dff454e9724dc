"""Which ids each form of a watched secret covers: planned patterns and the room `secretid` decide alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from deep import deep
from hypothesis import given
from hypothesis import strategies as st

from secretwatch import secretid
from secretwatch.eventpattern import EventPattern
from secretwatch.filterpattern import FilterPattern
from secretwatch.localstack.events.bus import envelope_of
from secretwatch.secretid import Answer

from .conftest import ACCOUNT, ARN, FORMS, MEMBER, MEMBERS, Plan
from .test_pattern import event

OTHER = "999999999999"
REALTIME = [key for key in FORMS if key not in ("name", "short")]
HERE, AWAY = ARN, ARN.replace("us-east-1", "eu-west-1")
FOREIGN = ARN.replace(ACCOUNT, OTHER)
MEMBERS_ARN = ARN.replace(ACCOUNT, MEMBER)

# (watch, id, whether it is a watched secret's, why); None: nobody can tell.
CASES: list[tuple[str, str, bool | None, str]] = [
    ("partial", "app-secret", True, "the name in a partial ARN that looks whole"),
    ("partial", f"{HERE}:app-secret", True, "the partial ARN itself"),
    ("partial", f"{HERE}:app-secret-Qx7pLm", True, "the whole ARN"),
    ("partial", f"{AWAY}:app-secret-Qx7pLm", True, "a replica's whole ARN"),
    ("partial", "app-secrets", False, "a sibling"),
    ("partial", f"{HERE}:app-secrets-Qx7pLm", False, "a sibling's whole ARN"),
    ("partial", f"{HERE}:app-secret-two", False, "a sibling's partial ARN"),
    ("partial", f"{HERE}:my/app-secret-Qx7pLm", False, "a name that ends so"),
    ("partial", "application", False, "another secret"),
    ("partial", f"{FOREIGN}:app-secret-Qx7pLm", False, "another account's"),
    ("random", "prod/two-AbC123", True, "a name that ends in a hyphen and six characters"),
    ("random", f"{HERE}:prod/two-AbC123", True, "its partial ARN"),
    ("random", f"{HERE}:prod/two-AbC123-tcpdjV", True, "its whole ARN"),
    ("random", "prod/two-AbC1234", False, "a sibling"),
    ("random", f"{HERE}:prod/two-AbC123-x-tcpdjV", False, "a sibling's whole ARN"),
    ("random", f"{FOREIGN}:prod/two-AbC123-tcpdjV", False, "another account's"),
    ("name", "db", True, "the name"),
    ("name", f"{HERE}:db-Qx7pLm", True, "the whole ARN of a watched name"),
    ("name", f"{HERE}:db", True, "the partial ARN of a watched name"),
    ("name", "d", False, "a shorter name"),
    ("name", "db-replica", False, "a sibling"),
    ("name", f"{HERE}:db-replica-Qx7pLm", False, "a sibling's ARN"),
    ("name", f"{FOREIGN}:db-Qx7pLm", False, "another account's secret of that name"),
    ("short", "billing", True, "the name in a partial ARN"),
    ("short", f"{HERE}:billing-Qx7pLm", True, "the whole ARN"),
    ("short", f"{HERE}:billing-eu-Qx7pLm", False, "a sibling's ARN"),
    ("arn", "db", True, "the name in a whole ARN"),
    ("arn", f"{HERE}:db", True, "the partial ARN"),
    ("arn", f"{AWAY}:db-Qx7pLm", True, "a replica has the same suffix"),
    ("arn", f"{HERE}:db-Zz9yYy", None, "deleted and made anew, or a sibling's partial ARN"),
    ("prefix", "prod/db", True, "by name"),
    ("prefix", f"{HERE}:prod/db-Qx7pLm", True, "by ARN"),
    ("prefix", "production/db", False, "not the prefix"),
    ("prefix", f"{HERE}:x/prod/db-Qx7pLm", False, "the prefix inside a name"),
    ("prefix", f"{HERE}:pay-Qx7pLm", None, "pay, or a secret with the prefix"),
]  # fmt: skip


def read(secret_id: str | None, caller: str = ACCOUNT) -> dict[str, Any]:
    return event(
        "GetSecretValue",
        {"secretId": secret_id},
        recipientAccountId=caller,
        managementEvent=True,
        eventTime="2026-01-01T00:00:00Z",
    )


def batch(*secret_ids: str, caller: str = ACCOUNT) -> dict[str, Any]:
    return event(
        "BatchGetSecretValue",
        {"secretIdList": list(secret_ids)},
        recipientAccountId=caller,
        managementEvent=True,
        eventTime="2026-01-01T00:00:00Z",
    )


class Patterns:
    """A watch's planned patterns, in both engines."""

    def __init__(self, plan: Plan, module: str, watch: str, *, realtime: bool) -> None:
        self.filters = [FilterPattern.parse(text) for text in plan.patterns(module, watch)]
        rules = plan.event_patterns(module, watch) if realtime else []
        self.rules = [EventPattern.parse(rule) for rule in rules]

    def cloudwatch(self, message: dict[str, Any]) -> bool:
        return any(pattern.matches_event(message) for pattern in self.filters)

    def eventbridge(self, message: dict[str, Any]) -> bool:
        envelope = envelope_of(ACCOUNT, message)  # type: ignore[arg-type]
        assert envelope is not None
        return any(rule.matches(envelope) for rule in self.rules)


@pytest.fixture(scope="module")
def patterns(instances: Plan) -> dict[str, Patterns]:
    return {key: Patterns(instances, "forms", key, realtime=key in REALTIME) for key in FORMS}


@pytest.fixture(scope="module")
def members(instances: Plan) -> Patterns:
    return Patterns(instances, "members", "secret-read", realtime=False)


def ends(watch: Iterable[str]) -> list[str]:
    """What follows `:secret:` in watched ARNs that may be whole ones."""
    return [text.split(":secret:")[1] for text in watch if len(secretid.readings(text)) > 1]


def must_ring(watch: list[str], secret_id: str, **where: Any) -> bool:
    """Whether it could be of a watched secret.

    A secret that was deleted and made anew is another, and the doctor's to tell.
    """
    return any(
        secretid.answer(each, secret_id, ACCOUNT, **where).rings and not secretid.made_anew(each, secret_id)
        for each in watch
    )


def may_ring(watch: list[str], secret_id: str, engine: str) -> bool:
    """Where no pattern can tell a sibling of a name that ends like a whole ARN.

    Such an end is random as a rule, and then no other secret's id holds it. Ends that look like words are
    kept apart exactly, but for EventBridge, which has nothing for six characters.
    """
    few = len(watch) <= 10
    rest = secret_id.split(":secret:")[-1]
    for end in ends(watch):
        if engine == "eventbridge":
            if secret_id.startswith(f"{ARN}:{end}-"):
                return True
        elif not (few and secretid.looks_like_a_word(end[-6:])):
            partial = rest.startswith(f"{end}-") and "-" not in rest.removeprefix(f"{end}-")
            if end in rest if not few or engine == "batches" else partial:
                return True
    return engine == "batches" and not few


@pytest.mark.parametrize(("watch", "secret_id", "rings", "why"), CASES, ids=[case[3] for case in CASES])
def test_a_case(
    patterns: dict[str, Patterns], watch: str, secret_id: str, rings: bool | None, why: str
) -> None:
    answer = secretid.answer_of_any(FORMS[watch], [secret_id], ACCOUNT)
    assert answer.rings is not (rings is False)
    assert rings is not None or answer is Answer.UNSURE
    check(patterns[watch], watch, secret_id)


def check(engines: Patterns, watch: str, secret_id: str) -> None:
    """Both engines ring where they must, and are silent where they can be."""
    secrets = FORMS[watch]
    silent = not secretid.answer_of_any(secrets, [secret_id], ACCOUNT).rings
    rang = {
        "cloudwatch": engines.cloudwatch(read(secret_id)),
        "batches": engines.cloudwatch(batch("other", secret_id)),
    }
    # Rules see calls of their own region, whose endpoint takes no other region's ids.
    if watch in REALTIME and AWAY not in secret_id and len(secrets) <= 10:
        rang["eventbridge"] = engines.eventbridge(read(secret_id))
        assert engines.eventbridge(batch("other", secret_id)) is rang["eventbridge"]
    for engine, does in rang.items():
        assert does or not must_ring(secrets, secret_id), (engine, watch, secret_id)
        assert not (does and silent) or may_ring(secrets, secret_id, engine), (engine, watch, secret_id)


bases = st.sampled_from(
    sorted(
        {
            name
            for texts in (*FORMS.values(), MEMBERS)
            for text in texts
            for name in (*secretid.names(text.removesuffix("*")), text.removesuffix("*").rsplit("-", 1)[0])
            if ":" not in name and name
        }
    )
)
affixes = st.sampled_from(("", "", "", "x", "-x", "/x", "-secret", "-AbC123", "s", "my-", "my/", "-", "1"))
suffixes = st.sampled_from(("", "-Qx7pLm", "-secret", "-000001", "-Ab-dEf", "-AbCdE", "-Zz9yYy"))
places = st.sampled_from(("", "", f"{HERE}:", f"{HERE}:", f"{AWAY}:", f"{FOREIGN}:", f"{MEMBERS_ARN}:"))


@st.composite
def secret_ids(draw: st.DrawFn) -> str:
    """An id as a caller may send it: of a watched secret, of a sibling, of another account's."""
    place, before, base, after = draw(places), draw(affixes), draw(bases), draw(affixes)
    return place + before.strip("-") * (len(before) > 1) + base + after + draw(suffixes)


@deep(3000)
@given(st.sampled_from(sorted(FORMS)), secret_ids())
def test_what_could_be_watched_rings_and_a_sibling_never(
    patterns: dict[str, Patterns], watch: str, secret_id: str
) -> None:
    check(patterns[watch], watch, secret_id)


@deep(1000)
@given(secret_ids(), st.sampled_from((ACCOUNT, MEMBER, OTHER)))
def test_secrets_of_an_organisations_accounts(members: Patterns, secret_id: str, caller: str) -> None:
    where = {"organization": True, "caller": caller}
    for engine, message in (
        ("cloudwatch", read(secret_id, caller)),
        ("batches", batch(secret_id, caller=caller)),
    ):
        rang = members.cloudwatch(message)
        assert rang or not must_ring(MEMBERS, secret_id, **where), engine
        if rang and ":" in secret_id and not may_ring(MEMBERS, secret_id, engine):
            # A name alone counts in each account, where a regular expression or a batch is held against it.
            assert secretid.answer_of_any(MEMBERS, [secret_id], ACCOUNT, **where).rings, engine


def test_a_read_counts_once(instances: Plan, patterns: dict[str, Patterns]) -> None:
    for watch, texts in FORMS.items():
        for text in texts:
            for form in secretid.forms(text):
                for way in (form, f"{form}-Zz9Zz9"):
                    counted = sum(each.matches_event(read(way)) for each in patterns[watch].filters)
                    assert counted <= 1, (watch, way)


def test_few_filters_have_regular_expressions(instances: Plan, patterns: dict[str, Patterns]) -> None:
    """A log group takes five. Three end like names, two are names, or partial ARNs that cannot be whole."""
    with_any = {key: sum(each.regexes > 0 for each in patterns[key].filters) for key in FORMS}
    assert with_any == {
        "partial": 1,
        "random": 0,
        "name": 1,
        "short": 1,
        "arn": 0,
        "prefix": 0,
        "mixed": 1,
        "crowd": 0,
    }
