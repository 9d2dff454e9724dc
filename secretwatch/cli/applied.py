"""What commands that look at a deployed watch begin with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from secretwatch.pipeline.watch import Watch


class NoWatch(Exception):
    """There is no watch to look at; the message is one sentence."""


def applied(directory: Path, key: str | None, console: Console) -> tuple[Watch, Any]:
    """The watch applied from a root module, told in one line, and a boto3.Session. Raises NoWatch.

    key: which of the module's watches; None: its output `watch`.
    """
    import boto3

    from secretwatch.pipeline.applied import NothingApplied, watch_in
    from secretwatch.pipeline.aws import NO_CREDENTIALS, one_line
    from secretwatch.terraform import TerraformNotUsable

    try:
        watch = watch_in(directory, key)
        session = boto3.Session(region_name=watch.region)
    except (NothingApplied, TerraformNotUsable) as error:
        raise NoWatch(str(error)) from error
    except NO_CREDENTIALS as error:
        raise NoWatch(f"There are no AWS credentials to use: {one_line(error)}") from error
    line = f"{'/'.join(filter(None, (watch.name, watch.watch)))}: account {watch.account_id}, {watch.region}"
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    console.print(Text(f"{line}, {endpoint}" if endpoint else line))
    return watch, session
