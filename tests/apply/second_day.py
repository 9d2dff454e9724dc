"""Who follows docs/second-day: an account, a folder with Terraform, and what happens elsewhere."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
from deployment import wait_for
from pages import Reader, with_source

from secretwatch import local
from secretwatch.newer_operations import extend

PAGES = Path(__file__).parents[2] / "docs/second-day"


def a_reader(
    name: str,
    terraform: Any,
    cloud: local.LocalCloud,
    scratch: Path,
) -> Reader:
    """Somebody in the account of AWS_ACCESS_KEY_ID, which is the pages' 123456789012."""
    account = os.environ["AWS_ACCESS_KEY_ID"]
    folder: Path = terraform.module / name
    folder.mkdir(parents=True)
    programs = scratch / "programs"
    programs.mkdir(parents=True)
    (programs / "terraform").symlink_to(terraform.binary)
    own = {
        "AWS_DATA_PATH": str(_newer_models(scratch)),
        "PATH": os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "TF_BINARY": terraform.binary,
        "TF_CLI_ARGS": "-no-color",
        # Nobody is there to say yes.
        "TF_CLI_ARGS_apply": "-auto-approve",
        "TF_CLI_ARGS_destroy": "-auto-approve",
        "TF_IN_AUTOMATION": "",
    }

    def then(what: str) -> None:
        if what == "everybody confirms":
            cloud.confirm(account)
        elif minutes := re.fullmatch(r"(\d+) minutes pass", what):
            cloud.release(first=0)
            cloud.tick(int(minutes[1]))
        elif muted := re.fullmatch(r"(\S+) rings, muted", what):
            wait_for("the alarm", lambda: _is_muted(muted[1]))
        else:
            raise AssertionError(f"Nobody knows what to do: {what}")

    return Reader(
        folder,
        lambda: os.environ | terraform.env_of_run() | own,
        lambda page: with_source(page, os.path.relpath(terraform.module, folder)).replace(
            "123456789012", account
        ),
        then,
    )


def _newer_models(scratch: Path) -> Path:
    """The AWS CLI of a year that knows mute rules."""
    described = json.loads(
        json.dumps(botocore.loaders.Loader().load_service_model("cloudwatch", "service-2"))
    )
    extend(described)
    folder = scratch / "models/cloudwatch/2010-08-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps(described))
    return scratch / "models"


def _is_muted(alarm: str) -> bool:
    """Whether the last that it should have told was told to nobody."""
    asked = {"AlarmName": alarm, "HistoryItemType": "Action", "MaxRecords": 1}
    (found,) = boto3.client("cloudwatch").describe_alarm_history(**asked)["AlarmHistoryItems"]
    return "was muted" in found["HistorySummary"]


def make_secrets(*names: str) -> None:
    for name in names:
        boto3.client("secretsmanager").create_secret(Name=name, SecretString="3 coffees")
