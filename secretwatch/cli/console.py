"""What every command prints on."""

from __future__ import annotations

from typing import Any

from rich.console import Console


def plain(**options: Any) -> Console:
    """A console that prints text as it is: no colours of its own for numbers, and no `:secret:` as a picture.

    options: those of rich's Console.
    """
    return Console(emoji=False, highlight=False, **options)
