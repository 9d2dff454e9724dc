"""What must hold for every pattern and message: no other error than the one, and two ways to one answer."""

import json

from deep import deep
from hypothesis import example, given
from hypothesis import strategies as st

from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern, Selector

# Pieces of the language in any order: most are refused, and late; some are patterns.
PIECES = st.sampled_from(
    [
        *'{}[]()"%*?.-,=<>&|!$ \\',
        "{ $.a = 1 }", "$.a", "$.b[0]", "$.c[*]", "$.*", "$.['d']", " = ", " != ", " >= ", " IS ", "NULL",
        "TRUE", " NOT EXISTS ", " EXISTS", "&&", "||", "...", "[a, b]", "[a, ..., b = 5]", '"x y"', "%a+%",
        r"%[^a]{2}\d%",
        "1e5", "-.5", "9" * 50, "é", "\x00", "\ud800", "?term", "-term", "word",
    ]
)  # fmt: skip
PATTERNS = st.one_of(
    st.text(max_size=60),
    st.lists(PIECES, max_size=16).map("".join),
    st.lists(PIECES, max_size=12).map(lambda pieces: "{ $.a = 1 && " + "".join(pieces) + " }"),
    st.lists(PIECES, max_size=12).map(lambda pieces: "[a = " + "".join(pieces) + "]"),
    st.lists(PIECES, max_size=12).map(lambda pieces: "%" + "".join(pieces) + "%"),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["x y", "a", "5"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)
MESSAGES = st.one_of(st.text(max_size=60), VALUES.map(json.dumps), st.lists(PIECES, max_size=10).map("".join))


@deep(1000)
@given(PATTERNS, MESSAGES, VALUES)
@example("(" * 1024, "", None)
@example("{" + "(" * 1000, "", None)
@example("{ $" + ".a" * 500 + " = 1 }", "[" * 200_000, {"a": {}})
@example("%" + "[a-z]{1000}" * 90 + "%", "", None)
@example("{ $.a = " + "9" * 1000 + " }", '{"a": 1e400}', {"a": float("nan")})
@example("[a > " + "9" * 1000 + "]", "9" * 5000, {"a": 10**5000})
def test_nothing_but_invalid_filter_pattern_is_ever_raised(text, message, value):
    try:
        pattern = FilterPattern.parse(text)
    except InvalidFilterPattern as error:
        refused = error
    else:
        refused = None
    if refused is not None:
        assert 0 <= refused.position <= len(text)
        assert refused.pattern == text
        assert refused.reason.split()
        str(refused).encode("utf-8")
        return
    assert pattern.matches(message) in (True, False)
    assert pattern.matches_event(value) in (True, False)
    assert all(isinstance(found, str) for found in pattern.extract(message).values())
    pattern.explain(message)
    pattern.value_of(Selector.parse("$.a"), message)


@given(st.text(max_size=30))
def test_a_selector_raises_nothing_else_either(text):
    try:
        Selector.parse(text)
    except InvalidFilterPattern as error:
        str(error)


# JSON patterns beside a reading of the rules that knows nothing of parsing or generated code.

EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "a": st.sampled_from(["x", "y", "xy", "", "5", 5, 5.0, 6, True, None, [], {}]),
        "b": st.one_of(
            st.just("x"),
            st.fixed_dictionaries({}, optional={"c": st.sampled_from(["x", 5, -1.5, None, False, ["x"]])}),
        ),
        "d": st.lists(st.sampled_from(["x", 5, None, {"e": "x"}]), max_size=3),
    },
)
PLACES = {
    "$.a": ["a"],
    "$.b": ["b"],
    "$.b.c": ["b", "c"],
    "$.['b'].c": ["b", "c"],
    "$.d[0]": ["d", 0],
    "$.d[1].e": ["d", 1, "e"],
}
ABSENT = object()


def at(event, path):
    for step in path:
        try:
            event = event[step] if isinstance(event, list if isinstance(step, int) else dict) else ABSENT
        except (KeyError, IndexError):
            return ABSENT
    return event


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def text_of(value):
    return value if isinstance(value, str) else str(value) if is_number(value) else None


CONDITIONS = {
    '= "x"': lambda value: text_of(value) == "x",
    "!= x": lambda value: text_of(value) not in (None, "x"),
    "= x*": lambda value: (text_of(value) or "").startswith("x"),
    '= "*y"': lambda value: (text_of(value) or "").endswith("y"),
    "= *": lambda value: text_of(value) is not None,
    "!= %x%": lambda value: text_of(value) is not None and "x" not in text_of(value),
    '= "5"': lambda value: text_of(value) == "5",
    '!= "5"': lambda value: text_of(value) not in (None, "5"),
    "= 5": lambda value: is_number(value) and value == 5,
    "!= 5": lambda value: isinstance(value, str) or (is_number(value) and value != 5),
    "> -1.5": lambda value: is_number(value) and value > -1.5,
    "<= 5": lambda value: is_number(value) and value <= 5,
    "IS NULL": lambda value: value is None,
    "IS TRUE": lambda value: value is True,
    "IS FALSE": lambda value: value is False,
    "NOT EXISTS": lambda value: value is ABSENT,
}
LEAVES = st.tuples(st.sampled_from(sorted(PLACES)), st.sampled_from(sorted(CONDITIONS)))
TREES = st.recursive(
    LEAVES, lambda inner: st.tuples(st.sampled_from(["&&", "||"]), inner, inner), max_leaves=9
).filter(lambda tree: str(tree).count("%") <= 4)  # two regular expressions


def written(tree, inside=""):
    if len(tree) == 2:
        return " ".join(tree)
    text = f"{written(tree[1], tree[0])} {tree[0]} {written(tree[2], tree[0])}"
    return f"({text})" if inside == "&&" and tree[0] == "||" else text


def expected(tree, event):
    if len(tree) == 2:
        return CONDITIONS[tree[1]](at(event, PLACES[tree[0]]))
    left, right = expected(tree[1], event), expected(tree[2], event)
    return left and right if tree[0] == "&&" else left or right


@deep(500)
@given(TREES, EVENTS)
def test_json_patterns_agree_with_the_rules(tree, event):
    pattern = FilterPattern.parse("{ " + written(tree) + " }")
    assert pattern.matches_event(event) is expected(tree, event)
    assert pattern.matches(json.dumps(event)) is expected(tree, event)


@given(TREES, EVENTS)
def test_explain_agrees_with_the_decision(tree, event):
    pattern = FilterPattern.parse("{ " + written(tree) + " }")
    explained = pattern.explain(json.dumps(event))
    if all(e.holds for e in explained):
        assert pattern.matches_event(event)
    if not any(e.holds for e in explained):
        assert not pattern.matches_event(event)


WORDS = st.lists(st.text(alphabet="abx=.*%5-", min_size=1, max_size=5), max_size=8)


@given(WORDS, st.sampled_from([" ", "  ", "\t", " \n "]))
def test_an_empty_field_pattern_numbers_the_words(words, gap):
    found = FilterPattern.parse("[]").extract(gap.join(words))
    assert found == {f"${number}": word for number, word in enumerate(words, 1)}


@given(
    st.lists(st.sampled_from(["alpha", "beta", "al", "a", "gamma"]), min_size=1),
    st.text(alphabet="albetgm ", max_size=20),
)
def test_terms_are_all_parts_of_the_message(terms, message):
    assert FilterPattern.parse(" ".join(terms)).matches(message) is all(term in message for term in terms)
    assert FilterPattern.parse("?" + " ?".join(terms)).matches(message) is any(
        term in message for term in terms
    )
    assert FilterPattern.parse("-" + " -".join(terms)).matches(message) is not any(
        term in message for term in terms
    )
