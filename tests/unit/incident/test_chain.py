"""Every event of a chain is named, whatever its depth and order, and none of a stranger's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from deep import deep
from events_of import ACCOUNT, BEGIN, READS, assume, event, forest, iso, read, role, user
from hypothesis import given, settings
from hypothesis import strategies as st

from secretwatch.incident.act import Act, act_of
from secretwatch.incident.chain import Chain, follow

SEEDS = st.integers(0, 2**40)


def acts(events: list[dict[str, Any]]) -> list[Act]:
    found = [act_of(each, lambda one: one.get("eventName") in READS) for each in events]
    assert all(found)
    return [each for each in found if each]


def chain(events: list[dict[str, Any]], *rang: str) -> Chain:
    return follow(acts(events), rang)


def ids(found: Chain) -> set[str]:
    return {each.event_id for each in found.acts}


@deep(200)
@given(SEEDS, st.booleans())
def test_every_event_of_the_chain_and_none_of_strangers(seed: int, twins: bool) -> None:
    made = forest(seed, twins=twins)
    for number in range(len(made.made)):
        found = chain(made.events, f"act-{number}-0")
        assert ids(found) == made.tree_of(number)
        assert found.keys == made.keys_of(number)
        assert len(found.acts) == len(ids(found))
        assert [each.time for each in found.acts] == sorted(each.time for each in found.acts)


@deep(100)
@given(SEEDS, st.booleans())
def test_who_asked_for_whom_and_what_led_where(seed: int, twins: bool) -> None:
    made = forest(seed, twins=twins)
    last = len(made.made) - 1
    found = chain(made.events, f"act-{last}-0")
    numbers = {each.keys[0]: each for each in found.credentials}
    line = []
    above = made.made[last].parent
    while above is not None:
        line.append(made.made[above].key)
        above = made.made[above].parent
    for each in made.made:
        if each.tree != made.made[last].tree:
            continue
        credential = numbers[each.key]
        parent = made.made[each.parent] if each.parent is not None else None
        assert credential.parent == (numbers[parent.key].number if parent else None)
        assert (credential.given_by.event_id if credential.given_by else "") == each.asked
        assert not parent or numbers[parent.key].number < credential.number
        if each.key == made.made[last].key:
            assert credential.relation == "reader"
        else:
            assert (credential.relation == "before") == (each.key in line)


@deep(100)
@given(SEEDS, st.randoms())
def test_where_a_link_is_missing_it_is_said_and_strangers_stay_outside(seed: int, dice: Any) -> None:
    made = forest(seed)
    asked = [number for number, each in enumerate(made.made) if each.parent is not None]
    if not asked:
        return
    cut = dice.choice(asked)
    events = [each for each in made.events if each["eventID"] != made.made[cut].asked]
    found = chain(events, f"act-{cut}-0")
    below = {cut}
    for number, each in enumerate(made.made):
        if each.parent in below:
            below.add(number)
    assert ids(found) == {each for number in below for each in made.made[number].own}
    assert [each.keys[0] for each in found.without_origin] == [made.made[cut].key]


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_several_readers_are_several_chains(seed: int) -> None:
    made = forest(seed)
    rang = [f"act-{number}-0" for number in range(len(made.made))]
    found = chain(made.events, *rang)
    assert ids(found) == {each["eventID"] for each in made.events}
    assert {each.relation for each in found.credentials} == {"reader"}


def test_a_console_session_signs_with_many_keys() -> None:
    began = BEGIN
    console = [role("admin", "carol", f"ASIACONSOLE{number}", began) for number in range(3)]
    events = [
        event(each, "ListBuckets", BEGIN + timedelta(minutes=number), event_id=f"c{number}")
        for number, each in enumerate(console)
    ]
    other = role("admin", "carol", "ASIAOTHER0000", began - timedelta(hours=3))
    events.append(event(other, "ListBuckets", BEGIN, event_id="another session"))
    events.append(read(console[0], BEGIN, event_id="r"))
    found = chain(events, "r")
    assert ids(found) == {"c0", "c1", "c2", "r"}
    assert len(found.credentials) == 1


def test_a_sign_in_belongs_to_the_session_that_begins_with_it() -> None:
    identity = user("carol", "ASIACAROL0000")
    identity["sessionContext"] = {"attributes": {"creationDate": iso(BEGIN)}}
    bare = {name: value for name, value in user("carol", "").items() if name != "accessKeyId"}
    signed_in = event(bare, "ConsoleLogin", BEGIN, event_id="in", source="signin.amazonaws.com")
    early = event(bare, "ConsoleLogin", BEGIN - timedelta(hours=1), event_id="earlier")
    found = chain([early, signed_in, read(identity, BEGIN + timedelta(minutes=5), event_id="r")], "r")
    assert ids(found) == {"in", "r"}
    assert found.credentials[0].given_by
    assert not found.without_origin


def test_a_service_that_took_the_role_is_named_and_leads_no_further() -> None:
    service = {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}
    mine = role("job", "job", "ASIAMINE0000", BEGIN)
    events = [
        assume(service, "job", "job", "ASIAMINE0000", BEGIN, event_id="taken"),
        assume(service, "other", "x", "ASIAOTHER000", BEGIN, event_id="another"),
        event(role("other", "x", "ASIAOTHER000", BEGIN), "ListBuckets", BEGIN, event_id="theirs"),
        read(mine, BEGIN + timedelta(minutes=1), event_id="r"),
    ]
    found = chain(events, "r")
    assert ids(found) == {"taken", "r"}
    assert [each.kind for each in found.credentials] == ["service", "role session"]


def test_what_may_be_of_either_of_two_sessions_is_unsure() -> None:
    events = [
        assume(user("a", "AKIAA0000000"), "r", "s", "ASIAA0000000", BEGIN, event_id="a"),
        assume(user("b", "AKIAB0000000"), "r", "s", "ASIAB0000000", BEGIN, event_id="b"),
        read(role("r", "s", "ASIAA0000000", BEGIN), BEGIN, event_id="read"),
        event(role("r", "s", "ASIAB0000000", BEGIN), "ListBuckets", BEGIN, event_id="theirs"),
        event(role("r", "s", "", BEGIN), "ListBuckets", BEGIN, event_id="either"),
    ]
    found = chain(events, "read")
    assert ids(found) == {"a", "read", "either"}
    assert [each.unsure for each in found.credentials] == [False, False, True]


def test_a_key_that_was_made_is_followed() -> None:
    thief, made = user("a", "AKIAA0000000"), user("backdoor", "AKIAB0000000")
    answer = {"accessKey": {"accessKeyId": "AKIAB0000000", "userName": "backdoor"}}
    events = [
        read(thief, BEGIN, event_id="r"),
        event(thief, "CreateAccessKey", BEGIN, event_id="make", source="iam.amazonaws.com", response=answer),
        event(made, "ListBuckets", BEGIN, event_id="used"),
    ]
    found = chain(events, "r")
    assert ids(found) == {"r", "make", "used"}
    assert [each.relation for each in found.credentials] == ["reader", "after"]
    assert found.credentials[1].parent == 1


def test_who_made_the_readers_key_is_named_and_not_followed() -> None:
    admin, mine = user("admin", "AKIAADMIN000"), user("app", "AKIAB0000000")
    answer = {"accessKey": {"accessKeyId": "AKIAB0000000", "userName": "app"}}
    events = [
        event(admin, "CreateAccessKey", BEGIN, event_id="make", source="iam.amazonaws.com", response=answer),
        event(admin, "ListBuckets", BEGIN, event_id="theirs"),
        read(mine, BEGIN, event_id="r"),
    ]
    found = chain(events, "r")
    assert ids(found) == {"r"}
    assert found.credentials[0].given_by
    assert found.credentials[0].given_by.event_id == "make"


def test_an_event_without_credentials_stands_alone() -> None:
    nobody = {"type": "AWSAccount", "principalId": "AIDAX", "accountId": ACCOUNT}
    events = [read(nobody, BEGIN, event_id=each) for each in ("r", "another")]
    assert ids(chain(events, "r")) == {"r"}


def test_forged_events_that_hand_out_each_other_are_no_circle_to_walk_in() -> None:
    first, second = role("r", "a", "ASIAA0000000", BEGIN), role("r", "b", "ASIAB0000000", BEGIN)
    events = [
        assume(first, "r", "b", "ASIAB0000000", BEGIN, event_id="1"),
        assume(second, "r", "a", "ASIAA0000000", BEGIN, event_id="2"),
        read(first, BEGIN, event_id="r"),
    ]
    assert ids(chain(events, "r")) == {"1", "2", "r"}


@pytest.mark.parametrize("hostile", [None, 7, [], {}, [1, {"a": None}], True])
@pytest.mark.parametrize(
    "member", ["userIdentity", "requestParameters", "responseElements", "sourceIPAddress", "errorCode"]
)
def test_a_member_of_another_type_is_left_out(member: str, hostile: Any) -> None:
    one = read(user("a", "AKIAA0000000"), BEGIN, event_id="r") | {member: hostile}
    assert ids(chain([one], "r")) == {"r"}


@pytest.mark.parametrize("member", ["eventID", "eventTime", "eventName"])
def test_what_is_no_event_is_no_act(member: str) -> None:
    one = read(user("a", "AKIAA0000000"), BEGIN, event_id="r")
    for value in (None, "", 3, "9999-99-99", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        if member == "eventTime" or not isinstance(value, str) or not value:
            assert act_of(one | {member: value}, lambda _: True) is None
