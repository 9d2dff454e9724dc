"""Texts that callers may choose, to whoever shows them: a terminal, a page, a ticket, a message, a shell."""

from __future__ import annotations

import random

from browser import HOSTILE

PARTS = (
    *HOSTILE,
    *(
        "$(touch pwned)",
        "`touch pwned`",
        "; touch pwned #",
        "'\"'; touch pwned; '",
        "\\",
        "\\'",
        "!!",
        "~root",
    ),
    *(
        "\n",
        "\r\n",
        "\r",
        "\t",
        "\x1b]0;owned\x07",
        "\x1b[31m",
        "\x9b31m",
        "\x7f",
        "\b\b\b",
        "\x00",
        "\u2028",
    ),
    *("```", "````\n# Heading", "~~~", "\n\n    code", "@security", "[x](javascript:alert(1))", "![x](//e)"),
    *(
        "https://evil.example",
        "<https://evil.example>",
        "| a | b |",
        "# h",
        "&amp;",
        "&#x3c;",
        "*b*",
        "__i__",
    ),
    *("[red]rich[/red]", "[/]", ":secret:", "{x}", "%s", "--profile=evil", "-x", "file:///etc/passwd"),
    *(
        "http://169.254.169.254/",
        "fileb://x",
        "${aws:username}",
        "*",
        "?",
        "\ud800",
        "秘密",
        "\U0001f600",
        "a" * 300,
    ),
)


def hostile(dice: random.Random) -> str:
    return "".join(dice.choices(PARTS, k=dice.randint(1, 3)))
