"""No name and no text leaves its quotation marks, and what cannot stand in them is refused or left out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
import sqlglot
from deep import deep
from hypothesis import example, given
from hypothesis import strategies as st
from local_trino import ACCOUNT, BEGIN, END, FEW, FILES
from sqlglot import exp

from secretwatch.athena import Files, Unusable, defined, definition, queries, text
from secretwatch.filterpattern import FilterPattern, InvalidFilterPattern

PIECES = [
    *("'", "''", '"', "\\", "--", "/*", "*/", ";", "\n", "\r", "%", "_", "#", "`", "${x}", "\x00", "\ud800"),
    *(
        ") OR 1=1",
        "DROP TABLE x",
        "__SQLGLOT__LBK__",
        "{{",
        "?",
        ":a",
        "@a",
        "$$",
        "U&'",
        "é",
        "'||'",
        "\u2028",
    ),
]
HOSTILE = st.one_of(st.text(max_size=30), st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
# Trino's own rules: two quotation marks in a row are one, and nothing else means anything.
# https://trino.io/docs/current/language/types.html#varchar
_QUOTED = re.compile(r"""'((?:[^']|'')*)'|"((?:[^"]|"")*)\"""")


def skeleton(query: str) -> str:
    """What is no text and no name, laid out in one way."""
    kept = _QUOTED.sub(lambda found: "'" if found[0].startswith("'") else '"', query)
    return re.sub(r"\s+|(?<=\() | (?=\))", " ", kept).replace("( ", "(").replace(" )", ")")


def quoted(wanted: str) -> str:
    return '"' + wanted.replace("\\", "\\\\").replace('"', '\\"') + '"'


def asked(pattern: str, pretty: bool = False) -> list[str]:
    return [text(each, pretty=pretty) for each in queries(FEW, [FilterPattern.parse(pattern)], BEGIN, END)]


@deep(400)
@given(
    HOSTILE,
    st.sampled_from(["=", "!="]),
    st.sampled_from(["$.eventName", "$.requestParameters.a"]),
    st.booleans(),
)
@example("'", "=", "$.eventName", False)
@example("__SQLGLOT__LBK__", "=", "$.eventName", True)
def test_a_text_stays_a_text(hostile: str, operator: str, selector: str, pretty: bool) -> None:
    wanted = "x" + hostile.replace("*", "")
    (query,) = asked(f"{{ {selector} {operator} {quoted(wanted)} }}", pretty)
    query.encode()
    said = [found[1].replace("''", "'") for found in _QUOTED.finditer(query) if found[1] is not None]
    if wanted in said:
        (benign,) = asked(f'{{ {selector} {operator} "x" }}', pretty)
        assert skeleton(query) == skeleton(benign)
    else:
        # It cannot be said: then nothing of it is, and nothing is lost.
        assert re.search("[\x00-\x1f\ud800-\udfff]", wanted)
        assert not any(each.startswith("x") for each in said)
    # Whoever else reads it sees the same texts.
    literals = [
        each.name for each in sqlglot.parse_one(query, read="trino").find_all(exp.Literal) if each.is_string
    ]
    assert (wanted in literals) is (wanted in said)


@deep(400)
@given(HOSTILE)
def test_wildcards_and_their_escapes_stay_a_text(hostile: str) -> None:
    for pattern in (f"*{hostile}", f"{hostile}*x", f"a*{hostile}*"):
        try:
            found = asked(f"{{ $.eventName = {quoted(pattern)} }}")
        except InvalidFilterPattern:
            continue
        for query in found:
            assert set(skeleton(query)) <= set(skeleton(query)) & set(
                "ABCDEFGHIJKLMNOPQRSTUVWXYZ_()'\"0123456789 .,=<>-+\n"
            ), query
            sqlglot.parse_one(query, read="trino")


@deep(300)
@given(HOSTILE)
def test_names_of_fields_never_come_into_a_query_unless_harmless(hostile: str) -> None:
    try:
        found = asked(f"{{ $.requestParameters['{hostile}'] = \"x\" }}")
    except InvalidFilterPattern:
        return
    (query,) = found
    paths = re.findall(r"'(\$[^']*)'", query)
    assert all(
        re.fullmatch(r"\$(\.[A-Za-z_][A-Za-z0-9_]*|\[\"[A-Za-z_][A-Za-z0-9_-]*\"\])", each) for each in paths
    )
    (benign,) = asked('{ $.requestParameters.a = "x" }')
    (unsaid,) = asked("{ $.requestParameters['a b'] = \"x\" }")
    assert skeleton(query) in (skeleton(benign), skeleton(unsaid))


@deep(300)
@given(HOSTILE.filter(bool), HOSTILE.filter(bool))
def test_names_of_databases_and_tables_stay_names(database: str, table: str) -> None:
    if not (database.isprintable() and table.isprintable()):
        with pytest.raises(Unusable):
            queries(replace(FEW, database=database, name=table), [], BEGIN, END)
        return
    (query,) = queries(
        replace(FEW, database=database, name=table),
        [FilterPattern.parse('{ $.eventName = "x" }')],
        BEGIN,
        END,
    )
    (benign,) = asked('{ $.eventName = "x" }')
    assert skeleton(text(query)) == skeleton(benign)
    names = [found[2].replace('""', '"') for found in _QUOTED.finditer(text(query)) if found[2] is not None]
    assert {database, table} <= set(names)


PREFIXES = st.one_of(HOSTILE, st.text("abc/'!_.*()=+@:-", max_size=20))


@deep(400)
@given(PREFIXES, PREFIXES, PREFIXES)
def test_a_definition_is_refused_or_means_what_it_says(database: str, table: str, prefix: str) -> None:
    try:
        files = Files("logs", (ACCOUNT,), ("us-east-1",), date(2026, 1, 1), prefix=prefix)
        statement = text(definition(database or "d", table or "t", files))
    except Unusable:
        return
    read = sqlglot.parse_one(statement, read="athena")
    assert isinstance(read, exp.Create)
    assert read.find(exp.LocationProperty).this.name == files.location  # type: ignore[union-attr]
    values = {
        each.name: each.args["value"].name
        for each in read.args["properties"].expressions
        if each.key == "property"
    }
    assert values["storage.location.template"] == defined("d", "t", files).location
    assert "${" not in prefix


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bucket": "logs/../x"}, "is no bucket"),
        ({"bucket": "a'b"}, "is no bucket"),
        ({"accounts": ("1",)}, "is no account"),
        ({"accounts": ()}, "an account and a region"),
        ({"regions": ("us-east-1,x",)}, "is no region"),
        ({"prefix": "a${b}"}, "is no prefix"),
        ({"organization": "o-1'"}, "is no organisation"),
    ],
)
def test_places_are_checked(change: dict, words: str) -> None:
    with pytest.raises(Unusable, match=words):
        replace(FILES, **change)


@pytest.mark.parametrize("name", ["", "A", "a b", "a`b", "a-b", "a" * 256, "é"])
def test_a_definition_takes_only_names_that_athena_takes(name: str) -> None:
    with pytest.raises(Unusable, match="is no name of a table"):
        definition("default", name, FILES)
