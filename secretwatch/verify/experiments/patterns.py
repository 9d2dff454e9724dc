"""What a filter pattern of CloudWatch Logs means, asked of TestMetricFilter."""

from __future__ import annotations

from secretwatch.verify.experiments.asked import REFUSED, Answer, Asked
from secretwatch.verify.lab import Lab, refusal
from secretwatch.verify.model import Experiment

_SYNTAX = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html"
_PAGE = f"AWS's page does not say: {_SYNTAX}"
_OBSERVED = f"Observed, not documented: {_SYNTAX}"
_NEVER_FIRES = "A watch whose pattern is read otherwise never rings, or rings for everything."

ROWS = (
    Asked(
        "pattern-null-missing",
        "`IS NULL` does not match where the field is missing.",
        "It is the shortest way to ask for events without an error, if it works.",
        (
            ("{ $.a IS NULL }", '{"a": null}', True),
            ("{ $.a IS NULL }", '{"b": 1}', False),
            ("{ $.a.b IS NULL }", '{"a": {}}', False),
        ),
        _PAGE,
    ),
    Asked(
        "pattern-boolean-word",
        "`= true` does not match a boolean, and neither does `!= true`: only `IS TRUE` does.",
        "`$.readOnly = true` looks right, is taken, and never rings.",
        (
            ("{ $.flag = true }", '{"flag": true}', False),
            ("{ $.flag != true }", '{"flag": true}', False),
            ("{ $.flag != true }", '{"flag": false}', False),
            ('{ $.flag = "true" }', '{"flag": true}', False),
            ("{ $.flag IS TRUE }", '{"flag": true}', True),
            ("{ $.flag = true }", '{"flag": "true"}', True),
        ),
        _PAGE,
    ),
    Asked(
        "pattern-empty-braces",
        "`{}` and `{ }` are refused.",
        "If they match everything, an empty list of conditions would ring for every event.",
        (("{}", '{"a": 1}', REFUSED), ("{ }", '{"a": 1}', REFUSED)),
        _PAGE,
    ),
    Asked(
        "pattern-open-quote",
        "A quotation mark that is never closed is refused.",
        "A name that holds one would otherwise make a pattern that means something else.",
        (
            ('"abc', '"abc', REFUSED),
            ('{ $.a = "b }', '{"a": "b"}', REFUSED),
            ('[a = "b]', "b", REFUSED),
        ),
        _PAGE,
    ),
    Asked(
        "pattern-number-on-text",
        "An unquoted number with `!=` matches a field of text; with `=`, `<` or `>` it never does.",
        "CloudTrail writes account numbers as text: `!= 111122223333` then excepts nobody.",
        (
            ("{ $.a != 12 }", '{"a": "text"}', True),
            ("{ $.a != 12 }", '{"a": "12"}', True),
            ("{ $.a = 12 }", '{"a": "12"}', False),
            ("{ $.a > 1 }", '{"a": "12"}', False),
            ("{ $.a < 100 }", '{"a": "12"}', False),
            ("{ $.a != 12 }", '{"a": 12.0}', False),
        ),
        _OBSERVED,
    ),
    Asked(
        "pattern-quoted-number",
        'A quoted number compares as text: 12.0 is not `"12"`, 12 is.',
        "It decides whether account numbers and ports are quoted.",
        (
            ('{ $.a = "12" }', '{"a": 12}', True),
            ('{ $.a = "12" }', '{"a": "12"}', True),
            ('{ $.a = "12" }', '{"a": 12.0}', False),
            ('{ $.a != "12" }', '{"a": 12.0}', True),
            ('{ $.a > "12" }', '{"a": 13}', REFUSED),
        ),
        _OBSERVED,
    ),
    Asked(
        "pattern-unequal-missing",
        "`!=` does not match where the field is missing, nor where it is an object or a list.",
        '`$.errorCode != "AccessDenied"` alone misses every read that succeeds.',
        (
            ('{ $.a != "x" }', '{"b": "x"}', False),
            ('{ $.a != "x" }', '{"a": {"b": 1}}', False),
            ('{ $.a != "x" }', '{"a": ["y"]}', False),
            ('{ $.a != "x" }', '{"a": null}', False),
            ("{ $.a NOT EXISTS }", '{"b": "x"}', True),
            ("{ $.a NOT EXISTS }", '{"a": null}', False),
        ),
        _OBSERVED,
    ),
    Asked(
        "pattern-unequal-in-list",
        "`!=` on the elements of a list matches if any element has another value.",
        "So it cannot say that a value is not in a list.",
        (
            ('{ $.a[*] != "x" }', '{"a": ["x", "y"]}', True),
            ('{ $.a[*] != "x" }', '{"a": ["x"]}', False),
            ('{ $.a[*] != "x" }', '{"a": []}', False),
            ('{ $.a[*] = "x" }', '{"a": ["y", "x"]}', True),
        ),
        _PAGE,
    ),
    Asked(
        "pattern-star-never-goes-back",
        "The text after a `*` is matched at the first place where it fits, and later places are not tried.",
        "So a pattern that begins with `*` misses a text that has the pattern's end twice.",
        (
            ('{ $.a = "*111.111.111" }', '{"a": "111.111.111.111"}', False),
            ('{ $.a = "*111.111.111" }', '{"a": "9.111.111.111"}', True),
            ('{ $.a = "*ab" }', '{"a": "abab"}', False),
            ('{ $.a = "*" }', '{"a": ""}', True),
        ),
        _OBSERVED,
    ),
    Asked(
        "pattern-star-inside",
        "`*` inside a text stands for anything.",
        "The watch's patterns for ARNs have a `*` there.",
        (
            ('{ $.a = "Ev*nt" }', '{"a": "Event"}', True),
            ('{ $.a = "arn:*:secret:db*" }', '{"a": "arn:aws:secretsmanager:r:1:secret:db-AbCdEf"}', True),
            ('{ $.a = "arn:*:secret:db*" }', '{"a": "arn:aws:secretsmanager:r:1:secret:da-AbCdEf"}', False),
        ),
        "In AWS's page of 2021 it was a character like any other; later examples have it as a wildcard.",
    ),
    Asked(
        "pattern-more-words",
        "If a message has more words than the pattern has fields, the last field holds the rest.",
        "Otherwise `[level = ERROR]` would match every line that begins with ERROR.",
        (
            ("[level = ERROR, text]", "ERROR a b c", True),
            ("[level = ERROR]", "ERROR a", False),
            ("[level = ERROR]", "ERROR", True),
            ("[a, b, c]", "only two", False),
        ),
        _PAGE,
    ),
    Asked(
        "pattern-two-ellipses",
        "Two `...` in a pattern are refused.",
        "Nobody could tell which words the second one takes.",
        (("[..., a, ...]", "a b c", REFUSED),),
        _PAGE,
    ),
    Asked(
        "pattern-digits-in-fields",
        "In a space-delimited message a text of digits is a number.",
        "In JSON it is not.",
        (("[a, b > 10]", "x 12", True), ("[a, b = 12]", "x 12", True), ("[a, b = 12]", "x 12.0", True)),
        _PAGE,
    ),
    Asked(
        "pattern-list-at-root",
        "A selector of a list at the root is refused, and a message that is a list matches nothing.",
        "Some tools write log files as lists.",
        (
            ("{ $[0] = 1 }", "[1]", REFUSED),
            ("{ $.a NOT EXISTS }", "[1]", False),
            ("{ $.a NOT EXISTS }", "no JSON", False),
        ),
        _PAGE,
    ),
    Asked(
        "pattern-optional-beside-others",
        "`?` terms are ignored beside any other term, even beside a term that excludes.",
        "So `?ERROR -retry` means just `-retry`.",
        (
            ("?ERROR ?WARN payment", "payment", True),
            ("?ERROR -retry", "fine", True),
            ("?ERROR -retry", "ERROR retry", False),
            ("?ERROR ?WARN", "fine", False),
        ),
        _PAGE,
    ),
    Asked(
        "pattern-dollar-before-line-break",
        "`$` of a regular expression also matches before a line break at the end.",
        "Some agents' messages end with a line break.",
        (("%abc$%", "abc\n", True), ("%abc$%", "abcd", False)),
        _PAGE,
    ),
    Asked(
        "pattern-open-quote-in-message",
        "A quotation mark in a message that is never closed is a character like any other.",
        "A caller who puts one into an event would otherwise move the fields.",
        (('[a, b = "*x", c]', 'one "x two', True), ("[a, b, c]", 'one "x two', True)),
        _PAGE,
    ),
    Asked(
        "pattern-length-in-characters",
        "The limit of 1,024 counts characters, not bytes.",
        "A watch of secrets with letters beyond ASCII gets fewer patterns, or is refused.",
        (
            ('"' + "é" * 1022 + '"', "x", False),
            ('"' + "a" * 1023 + '"', "x", REFUSED),
        ),
        "The API's model says 1,024 characters; the Terraform provider counts bytes.",
    ),
    Asked(
        "pattern-several-wildcards",
        "One `[*]` in a selector and three in a pattern are taken, more are refused.",
        "The watch shares them out among its patterns.",
        (
            ("{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 }", '{"c": [1]}', True),
            ("{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.d[*] = 1 }", '{"d": [1]}', REFUSED),
            ("{ $.a[*].b[*] = 1 }", '{"a": [{"b": [1]}]}', REFUSED),
        ),
        _SYNTAX,
    ),
    Asked(
        "pattern-wrong-words",
        "`EXISTS`, `IS NOT NULL` and `IN` are refused.",
        "They look right; a pattern that is taken and means nothing would never ring.",
        (
            ("{ $.a EXISTS }", '{"a": 1}', REFUSED),
            ("{ $.a IS NOT NULL }", '{"a": 1}', REFUSED),
            ('{ $.a IN ("b") }', '{"a": "b"}', REFUSED),
            ("{ $.a = }", '{"a": 1}', REFUSED),
        ),
        _PAGE,
    ),
)


def ask(lab: Lab, pattern: str, message: str) -> Answer:
    """Whether TestMetricFilter says that the pattern matches the message."""
    matched: list[bool] = []

    def call() -> None:
        answer = lab.client("logs").test_metric_filter(filterPattern=pattern, logEventMessages=[message])
        matched.append(bool(answer["matches"]))

    # Others (no permission, throttled) are no answer.
    refused = refusal(call, ("InvalidParameterException",))
    return REFUSED if refused else matched[0]


EXPERIMENTS: tuple[Experiment, ...] = tuple(row.experiment("logs:TestMetricFilter", ask) for row in ROWS)
