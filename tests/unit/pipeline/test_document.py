"""A page in which somebody forgot to escape something: a browser runs nothing, and asks nobody anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, needs_browser

from secretwatch.pipeline.document import document


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def forgotten(url: str) -> str:
    return f"""
<script>document.title = "ran"</script><script src="{url}/script"></script>
<img src="{url}/img" onerror="document.title = 'ran'"><img src="data:," onerror="document.title = 'ran'">
<svg onload="document.title = 'ran'"></svg><iframe src="{url}/frame"></iframe>
<iframe srcdoc="<img src='{url}/inner'>"></iframe><object data="{url}/object"></object>
<link rel="stylesheet" href="{url}/link">
<style>@import "{url}/import"; p {{ background: url({url}/css) }}</style>
<p style="background: url({url}/attribute)">x</p><video src="{url}/video" poster="{url}/poster"></video>
"""


@needs_browser
@pytest.mark.parametrize("sealed", [True, False], ids=["as it is", "without its policy"])
def test_a_browser_keeps_to_the_policy(
    tmp_path: Path, elsewhere: tuple[str, list[str]], sealed: bool
) -> None:
    url, asked = elsewhere
    html = document("Ours", "p { color: rgb(1, 2, 3) }", forgotten(url))
    if not sealed:
        html = html.replace("Content-Security-Policy", "Nothing")
    file = tmp_path / "page.html"
    file.write_text(html, encoding="utf-8")
    dom = Browser(tmp_path / "profile", resolves=True).dom(file)
    assert ("<title>Ours</title>" in dom) is sealed
    # Without it the page does all of it: so it is the policy that keeps it from that.
    assert (asked == []) is sealed


def test_others_text_is_a_text_in_the_title() -> None:
    html = document("</title><script>x</script>", "", "")
    assert "<script" not in html


def test_nothing_a_reader_would_obey() -> None:
    html = document("a\u202eb", "", "c\u2066d\x1b[2J\x00")
    assert not {"\u202e", "\u2066", "\x1b", "\x00"} & set(html)
