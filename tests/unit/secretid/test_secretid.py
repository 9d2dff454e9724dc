"""Which secret is meant: every form of an id against every form of a watched secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch import secretid
from secretwatch.secretid import Answer, answer, answer_of_any

OWN, OTHER = "111111111111", "222222222222"
HERE = f"arn:aws:secretsmanager:us-east-1:{OWN}:secret:"
AWAY = f"arn:aws-cn:secretsmanager:cn-north-1:{OWN}:secret:"
FOREIGN = f"arn:aws:secretsmanager:us-east-1:{OTHER}:secret:"
YES, NO, UNSURE = Answer.YES, Answer.NO, Answer.UNSURE


@pytest.mark.parametrize(
    ("watched", "asked", "said"),
    [
        ("db", "db", YES),
        ("db", f"{HERE}db", YES),
        ("db", f"{HERE}db-Qx7pLm", YES),
        ("db", f"{AWAY}db-Qx7pLm", YES),
        ("db", f"{FOREIGN}db-Qx7pLm", NO),
        ("db", "DB", NO),
        ("db", "d", NO),
        ("db", "db-Qx7pLm", NO),
        ("db", f"{HERE}db-replica-Qx7pLm", NO),
        ("db", f"{HERE}db-AbCdE", NO),
        ("db", f"{HERE}db-AbCdEfG", NO),
        ("db", f"{HERE}db-Ab-dEf", NO),
        ("app-secret", "app", NO),
        # Secrets Manager takes this for the whole ARN of app.
        ("app-secret", f"{HERE}app-secret", UNSURE),
        (f"{HERE}billing", "billing", YES),
        (f"{HERE}billing", f"{HERE}billing-Qx7pLm", YES),
        (f"{HERE}billing", "billing-eu", NO),
        (f"{HERE}db-Qx7pLm", f"{HERE}db-Qx7pLm", YES),
        (f"{HERE}db-Qx7pLm", f"{AWAY}db-Qx7pLm", YES),
        (f"{HERE}db-Qx7pLm", "db", YES),
        (f"{HERE}db-Qx7pLm", f"{HERE}db", YES),
        (f"{HERE}db-Qx7pLm", "db-Qx7pLm", UNSURE),
        (f"{HERE}db-Qx7pLm", f"{HERE}db-Zz9yYy", UNSURE),
        (f"{HERE}app-secret", "app-secret", UNSURE),
        (f"{HERE}app-secret", f"{HERE}app-secret-Qx7pLm", UNSURE),
        (f"{HERE}app-secret", f"{FOREIGN}app-secret-Qx7pLm", NO),
        (f"{HERE}app-secret", f"{HERE}app-secret-two", NO),
        (f"{HERE}app-secret", "app-secrets", NO),
        ("prod/*", "prod/db", YES),
        ("prod/*", f"{HERE}prod/db-Qx7pLm", YES),
        ("prod/*", f"{FOREIGN}prod/db-Qx7pLm", NO),
        ("prod/*", f"{HERE}x/prod/db-Qx7pLm", NO),
        ("prod/*", "production/db", NO),
        (f"{HERE}prod/*", f"{HERE}prod/db-Qx7pLm", YES),
        ("pay-*", f"{HERE}pay-Qx7pLm", UNSURE),
        ("pay-*", "pay", NO),
        ("*", f"{FOREIGN}db-Qx7pLm", YES),
    ],
)
def test_an_id_against_what_is_watched(watched: str, asked: str, said: Answer) -> None:
    assert answer(watched, asked, OWN) is said
    assert said.rings is (said is not NO)


def test_a_name_is_of_the_callers_own_account() -> None:
    assert answer("db", "db", OWN, caller=OTHER) is NO
    assert answer(f"{FOREIGN}db-Qx7pLm", "db", OWN) is NO
    assert answer(f"{FOREIGN}db-Qx7pLm", "db", OWN, organization=True, caller=OTHER) is YES
    # In an organisation a watched name is any account's.
    assert answer("db", "db", OWN, organization=True, caller=OTHER) is YES
    assert answer("db", f"{FOREIGN}db-Qx7pLm", OWN, organization=True) is YES
    assert answer("prod/*", f"{FOREIGN}prod/db", OWN, organization=True) is YES
    # Where accounts are not known, they are not compared.
    assert answer("db", f"{FOREIGN}db-Qx7pLm") is YES


def test_a_batch_is_of_a_secret_when_one_of_its_ids_is_and_without_ids_it_may_be() -> None:
    batch = {"requestParameters": {"secretIdList": ["x", f"{HERE}db-Qx7pLm"]}}
    assert answer_of_any(["a", "db"], secretid.asked_for(batch), OWN) is YES
    assert answer_of_any(["a"], secretid.asked_for(batch), OWN) is NO
    assert secretid.asked_for({"requestParameters": {"secretId": "db"}}) == ["db"]
    for nameless in ({}, {"requestParameters": None}, {"requestParameters": {"filters": []}}):
        assert answer_of_any(["a"], secretid.asked_for(nameless), OWN) is UNSURE
    assert answer_of_any(["*"], [], OWN) is YES


def test_a_secret_made_anew_has_another_suffix() -> None:
    assert secretid.made_anew(f"{HERE}db-Qx7pLm", f"{AWAY}db-Zz9yYy")
    assert not secretid.made_anew(f"{HERE}db-Qx7pLm", f"{AWAY}db-Qx7pLm")
    assert not secretid.made_anew(f"{HERE}db-Qx7pLm", f"{FOREIGN}db-Zz9yYy")
    assert not secretid.made_anew(f"{HERE}db-Qx7pLm", f"{HERE}db")


def test_the_forms_of_what_is_watched() -> None:
    assert secretid.forms("db") == ["db"]
    assert secretid.forms("prod/*") == ["prod/a-secret"]
    assert secretid.forms(f"{HERE}billing") == [f"{HERE}billing", "billing"]
    assert secretid.forms(f"{HERE}db-Qx7pLm") == [f"{HERE}db-Qx7pLm", f"{HERE}db", "db"]
    # The name of which this is the ARN without a suffix, where it looks like one.
    assert "app-secret" in secretid.forms(f"{HERE}app-secret")
    assert secretid.forms(f"{HERE}app-secret", is_whole=True) == [f"{HERE}app-secret", f"{HERE}app", "app"]


@pytest.mark.parametrize("suffix", ["secret", "Secret", "SECRET", "prod01", "000001", "a12345"])
def test_ends_that_look_like_words(suffix: str) -> None:
    assert secretid.looks_like_a_word(suffix)


@pytest.mark.parametrize("suffix", ["Qx7pLm", "AbC123", "abCdef", "v2beta", "1secre"])
def test_ends_that_do_not(suffix: str) -> None:
    assert not secretid.looks_like_a_word(suffix)


secret_names = st.from_regex(r"[A-Za-z0-9/_+=.@!-]{1,12}", fullmatch=True)
six = st.from_regex(r"[A-Za-z0-9]{6}", fullmatch=True)


@given(secret_names, six, st.data())
def test_whatever_form_is_watched_and_whatever_form_is_sent_the_secret_rings(
    name: str, suffix: str, data: st.DataObject
) -> None:
    watched = data.draw(
        st.sampled_from([name, HERE + name, f"{HERE}{name}-{suffix}", f"{name[: len(name) // 2]}*"])
    )
    sent = data.draw(st.sampled_from([name, HERE + name, f"{HERE}{name}-{suffix}", f"{AWAY}{name}-{suffix}"]))
    assert answer(watched, sent, OWN).rings


@given(secret_names, six, secret_names, six)
def test_another_secret_never_rings_by_name_or_whole_arn(
    name: str, suffix: str, other: str, others: str
) -> None:
    # Where neither name ends like a whole ARN, nothing is unsure.
    for each in (name, other):
        if len(secretid.names(HERE + each)) > 1:
            return
    if name == other:
        return
    for watched in (name, HERE + name):
        for sent in (other, f"{HERE}{other}-{others}", f"{FOREIGN}{name}-{suffix}"):
            if sent.startswith(FOREIGN) or secretid.names(sent)[-1] != name:
                assert answer(watched, sent, OWN) is NO, (watched, sent)
