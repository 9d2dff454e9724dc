"""An HTML page that needs nothing from elsewhere, runs nothing, and shows others' text as text.

Names and reasons in it come from an account, where others choose them too. They are escaped where they are
put in; a browser that is told so runs nothing and asks nobody anything if one of them was forgotten.
https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CSP
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape


def document(title: str, style: str, main: str, *, images: bool = False) -> str:
    """title: plain text; style: CSS of ours; main: HTML in which everything of others is escaped.

    images: whether it has pictures, which then are in the page itself (`data:`).
    """
    # Of styles only this one: another could show the page as it is not.
    digest = b64encode(sha256(style.encode()).digest()).decode()
    sources = " img-src data:;" if images else ""
    policy = f"default-src 'none'; style-src 'sha256-{digest}';{sources} base-uri 'none'; form-action 'none'"
    return _printable(f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
<main>
{main}
</main>
</body>
</html>
""")


def _printable(html: str) -> str:
    """Nothing in it that a reader would obey, as a change of direction."""
    return "".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in html)
