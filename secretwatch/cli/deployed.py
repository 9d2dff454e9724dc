"""What commands that look at a deployed watch begin with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from secretwatch.cli.console import visible_line

if TYPE_CHECKING:
    from secretwatch.pipeline.watch import Watch


class NoWatch(Exception):
    """There is no watch to look at; the message is one sentence."""


def place(label: str, account_id: str, region: str, endpoint_url: str) -> Text:
    """Where something is about to be read or changed: the line that stands before it, alike everywhere."""
    return Text(visible_line(f"{label}: account {account_id}, {region}, {endpoint_url}"))


def applied(directory: Path, key: str | None, console: Console) -> tuple[Watch, Any]:
    """The watch applied from a root module, told in one line, and a boto3.Session. Raises NoWatch.

    key: which of the module's watches; None: its output `watch`.
    """
    from secretwatch.pipeline.applied import watch_in

    (watch,), session = _applied(lambda: [watch_in(directory, key)], console)
    return watch, session


def all_applied(directory: Path, console: Console) -> tuple[list[Watch], Any]:
    """Every watch applied from a root module, each told in one line, and a boto3.Session. Raises NoWatch."""
    from secretwatch.pipeline.applied import watches_in

    return _applied(lambda: watches_in(directory), console)


def _applied(find: Callable[[], list[Watch]], console: Console) -> tuple[list[Watch], Any]:
    import boto3

    from secretwatch.pipeline.applied import NothingApplied
    from secretwatch.pipeline.aws import NO_CREDENTIALS, Aws, one_line
    from secretwatch.terraform import TerraformNotUsable

    try:
        watches = find()
        session = boto3.Session(region_name=watches[0].region)
        endpoints = {
            region: Aws(session, region).endpoint_url
            for region in dict.fromkeys(watch.region for watch in watches)
        }
    except (NothingApplied, TerraformNotUsable) as error:
        raise NoWatch(str(error)) from error
    except NO_CREDENTIALS as error:
        raise NoWatch(f"There are no AWS credentials to use: {one_line(error)}") from error
    for watch in watches:
        console.print(place(watch.label, watch.account_id, watch.region, endpoints[watch.region]))
    return watches, session
