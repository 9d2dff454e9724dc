"""Packages of an extra, which a command needs and not everybody has."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import click

from secretwatch.cli import exits


def needs(*names: str, extra: str) -> None:
    """End with a sentence where a package of an extra is not installed."""
    if missing := [name for name in names if find_spec(name) is None]:
        click.echo(f"{', '.join(missing)} is not installed: pip install 'secretwatch[{extra}]'.", err=True)
        sys.exit(exits.NOT_INSTALLED)
