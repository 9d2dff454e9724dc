"""A headless Chromium that shows a file: its DOM when it is done, and a picture."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def binary() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


# What CI runs installs one.
needs_browser = pytest.mark.skipif(binary() is None, reason="no Chromium: on Debian the package chromium")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""With which it does what it is told, and asks nobody anything by itself."""


class Browser:
    """profile: a folder of its own, that nothing else uses. dark: what the person prefers.

    resolves: whether it finds this machine by its address; no other in any case.
    """

    def __init__(
        self,
        profile: Path,
        *,
        dark: bool = False,
        width: int = 1000,
        height: int = 1800,
        resolves: bool = False,
    ) -> None:
        command = binary()
        assert command, "no Chromium is installed: on Debian the package chromium"
        self._command = [
            command,
            *FLAGS,
            "--hide-scrollbars",
            # Nothing from elsewhere could be loaded: what the page needs is in it.
            f"--host-resolver-rules=MAP * ~NOTFOUND{', EXCLUDE 127.0.0.1' if resolves else ''}",
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
            *(["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else []),
        ]

    def dom(self, file: Path) -> str:
        return self.dom_of(file.as_uri())

    def dom_of(self, url: str) -> str:
        """As if the address had been typed."""
        return self._run("--dump-dom", url)

    def picture(self, file: Path, picture: Path) -> Path:
        self._run(f"--screenshot={picture}", file.as_uri())
        return picture

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._command, *arguments], capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout


HOSTILE = (
    '<script>document.title="ran"</script>',
    "<img src=x onerror=\"document.title='ran'\">",
    '"><svg onload="document.title=\'ran\'">',
    "' onmouseover='document.title=1' x='",
    "</style><script>document.title='ran'</script>",
    "</title><script>document.title='ran'</script>",
    "</pre></code></main><iframe srcdoc='<script>top.document.title=1</script>'></iframe>",
    '<a href="javascript:document.title=1">here</a>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    '<base href="https://evil.example/"><link rel="stylesheet" href="x.css">',
    "<form action='https://evil.example/'><button>Sign in</button></form>",
    "<style>body{display:none}</style>",
    "<!--",
    "<![CDATA[",
    "&lt;script&gt;document.title=1&lt;/script&gt;",
    "\u202eevil\u202c \u2066isolated\u2069 \u200b\ufeff \x00 \x1b[2J",
)
"""Names that somebody could give to what a page tells of."""
INERT = ("script", "img", "iframe", "a", "base", "link", "form", "button", "object", "embed", "input")
"""Elements that no page of ours has."""


def is_inert(dom: str) -> bool:
    """Whether a DOM, as a browser shows it, has none of them and none of what runs."""
    elements = re.findall(r"<([a-z]+)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>", dom)
    runs = [each for each in elements if re.search(r"\s(on\w+|srcdoc|style|href|src)\s*=", each[1])]
    styles = [name for name, _ in elements if name == "style"]
    return not runs and not [name for name, _ in elements if name in INERT] and len(styles) == 1
