"""Composite alarms' rules: what they mean, and what is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretwatch.alarm.rule import AlarmRule, InvalidAlarmRule

STATES = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", "arn:aws:cloudwatch:eu:1:alarm:d e": "ALARM"}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("ALARM(a)", True),
        ("OK(a)", False),
        ('INSUFFICIENT_DATA("c")', True),
        ('ALARM("arn:aws:cloudwatch:eu:1:alarm:d e")', True),
        ("TRUE", True),
        ("FALSE", False),
        ("false", False),
        ("NOT ALARM(a)", False),
        ("NOT NOT ALARM(a)", True),
        ("ALARM(a) AND NOT ALARM(b)", True),
        ("ALARM(a) OR FALSE AND FALSE", True),
        ("(ALARM(a) OR FALSE) AND FALSE", False),
        ("NOT (ALARM(b) OR OK(c)) AND ALARM( a )", True),
        ("ALARM(a)\n  AND\tOK(b)", True),
    ],
)
def test_rules(rule: str, holds: bool) -> None:
    assert AlarmRule.parse(rule).holds(STATES.__getitem__) is holds


def test_the_alarms_of_a_rule() -> None:
    assert AlarmRule.parse('ALARM(a) OR OK("b c") AND NOT ALARM(a)').alarms == ["a", "b c"]


@pytest.mark.parametrize(
    "rule",
    [
        *(
            "",
            " ALARM(a)",
            "ALARM(a) ",
            "ALARM",
            "ALARM()",
            "ALARM(a) ALARM(b)",
            "ALARM(a) AND",
            "AND ALARM(a)",
        ),
        *("(ALARM(a)", "ALARM(a))", "RINGS(a)", "alarm(a)", "ALARM(a) XOR ALARM(b)", "NOT", "()", "TRUE(a)"),
        " OR ".join(f"ALARM(a{number})" for number in range(101)),
        "(" * 250 + "TRUE" + ")" * 250,
    ],
)
def test_refused(rule: str) -> None:
    with pytest.raises(InvalidAlarmRule):
        AlarmRule.parse(rule)


TREES = st.recursive(
    st.sampled_from(["TRUE", "FALSE"]),
    lambda inner: st.tuples(st.sampled_from(["AND", "OR"]), inner, inner) | st.tuples(st.just("NOT"), inner),
    max_leaves=12,
)


@given(TREES)
def test_a_rule_is_what_its_tree_is(tree: object) -> None:
    def text(node: object) -> str:
        if isinstance(node, str):
            return node
        assert isinstance(node, tuple)
        if node[0] == "NOT":
            return f"NOT ({text(node[1])})"
        return f"({text(node[1])}) {node[0]} ({text(node[2])})"

    def value(node: object) -> bool:
        if isinstance(node, str):
            return node == "TRUE"
        assert isinstance(node, tuple)
        if node[0] == "NOT":
            return not value(node[1])
        return value(node[1]) and value(node[2]) if node[0] == "AND" else value(node[1]) or value(node[2])

    assert AlarmRule.parse(text(tree)).holds(lambda _: "OK") is value(tree)


@given(st.text(alphabet='ALRMOKNDT()ab" ', max_size=30))
def test_anything_else_is_refused_and_nothing_else_is_raised(text: str) -> None:
    with contextlib.suppress(InvalidAlarmRule):
        AlarmRule.parse(text).holds(lambda _: "OK")
