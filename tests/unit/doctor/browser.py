"""A headless Chromium that shows a file: its DOM when it is done, and a picture."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def binary() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """profile: a folder of its own, that nothing else uses. dark: what the person prefers."""

    def __init__(self, profile: Path, *, dark: bool = False, width: int = 1000, height: int = 1800) -> None:
        command = binary()
        assert command, "no Chromium is installed: on Debian the package chromium"
        self._command = [
            command,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            # Nothing from elsewhere could be loaded: what the page needs is in it.
            "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
            *(["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else []),
        ]

    def dom(self, file: Path) -> str:
        return self._run("--dump-dom", file.as_uri())

    def picture(self, file: Path, picture: Path) -> Path:
        self._run(f"--screenshot={picture}", file.as_uri())
        return picture

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._command, *arguments], capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout
