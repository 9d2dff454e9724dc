"""The demo in a network of its own, in the shell of somebody who has real accounts: nothing gets out."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import traps
from enclosed import HAS_IPV6
from traps import KEY_ID

from secretwatch import terraform as tf
from secretwatch.local.cloud import clients_env

HERE = Path(__file__).parent
UNSHARE = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
COMMAND = str(Path(sys.executable).with_name("secretwatch"))

# Before anything is destroyed: what the local cloud has recorded, and every file of it.
RECORDED = """
import json, sys
from pathlib import Path
import boto3

events = [
    event["CloudTrailEvent"]
    for page in boto3.client("cloudtrail").get_paginator("lookup_events").paginate()
    for event in page["Events"]
]
logs = boto3.client("logs")
lines = [
    event["message"]
    for group in logs.describe_log_groups()["logGroups"]
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
    for event in page["events"]
]
state = next(each for each in Path.cwd().parents if each.name.startswith("demo-"))
files = [
    str(each.relative_to(state))
    for each in state.rglob("*")
    if each.is_file() and not each.is_symlink() and sys.argv[2].encode() in each.read_bytes()
]
Path(sys.argv[1]).write_text(json.dumps({"events": events, "lines": lines, "files": files}))
"""

# A client that minds all that there is.
LEAKY = """
import os, socket, subprocess, sys
import boto3
from botocore.config import Config

once = Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=1)

def call(session, service, operation):
    try:
        getattr(session.client(service, region_name="us-east-1", config=once), operation)()
    except Exception as error:
        print(service, error, file=sys.stderr)

for name in ("AWS_CA_BUNDLE", "AWS_DATA_PATH", "AWS_DEFAULTS_MODE"):
    del os.environ[name]
call(boto3.Session(), "sts", "get_caller_identity")
for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
    del os.environ[name]
call(boto3.Session(), "s3", "list_buckets")
del os.environ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]
call(boto3.Session(profile_name="role"), "s3", "list_buckets")
subprocess.run(["sleep", "0.5"])
for kind, to in ((socket.AF_INET, "203.0.113.7"), (socket.AF_INET6, "2001:db8:1::7")):
    try:
        socket.socket(kind, socket.SOCK_DGRAM).sendto(b"x", (to, 53))
    except OSError as error:
        print(to, error, file=sys.stderr)
"""


def may_enclose() -> bool:
    if not (shutil.which("unshare") and shutil.which("ip") and os.access("/dev/net/tun", os.W_OK)):
        return False
    tried = [*UNSHARE, "ip", "tuntap", "add", "dev", "try0", "mode", "tun"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.later,
    pytest.mark.skipif(
        not may_enclose(),
        reason="needs Linux with unshare, ip and /dev/net/tun, and the right to make a network namespace",
    ),
]


class Shell:
    """The shell of somebody who has real accounts, in a network that ends at this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home, self.touched = folder, folder / "home", folder / "touched"
        self.home.mkdir()
        traps.write_files(self.home, self.touched)
        self.traps = (
            traps.endpoints() | traps.settings(self.home) | traps.terraforms(self.home) | traps.proxies()
        )

    def run(self, *command: str, **more: str) -> dict[str, Any]:
        """What was seen meanwhile; see enclosed.py. `said` is what the command printed."""
        result = self.folder / "seen.json"
        kept = {
            name: value for name, value in os.environ.items() if name.startswith(("PATH", "LANG", "PYTHON"))
        }
        told = [str(each) for each in (result, KEY_ID, self.home, *traps.PORTS)]
        ended = subprocess.run(
            [*UNSHARE, sys.executable, str(HERE / "enclosed.py"), *told, "--", *command],
            env=self.traps | kept | {"HOME": str(self.home)} | more,
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=600,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout
        seen: dict[str, Any] = json.loads(result.read_text())
        return seen | {"said": ended.stdout}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_the_traps_are_traps(shell: Shell) -> None:
    seen = shell.run(sys.executable, "-c", LEAKY)
    assert {each.split()[0] for each in seen["connections"]} >= {str(traps.ENDPOINT), str(traps.PROXY)}, seen
    sent = {"203.0.113.7 udp 53", *(["2001:db8:1::7 udp 53"] if HAS_IPV6 else [])}
    assert sent <= seen["packets"].keys()
    assert set(seen["children"]["sleep"]) >= {"AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL_S3", "TF_WORKSPACE"}
    assert f"{KEY_ID}/config" in seen["opened"]
    assert shell.touched.exists()


def test_nothing_leaves_and_nobody_is_asked(shell: Shell, terraform: Any, tmp_path: Path) -> None:
    # Downloads are the preparation's, and so are done.
    provider = terraform.provider_binary.resolve().parent
    facts = tf.inspect_binary(terraform.binary)
    mirror = tmp_path / "mirror" / facts.registry / tf.PROVIDER / provider.parent.name / facts.platform
    mirror.parent.mkdir(parents=True)
    mirror.symlink_to(provider)

    # Terraform, as it is run by the demo: each time its environment is kept.
    runs = tmp_path / "runs"
    runs.mkdir()
    wrapper = tmp_path / Path(terraform.binary).name
    recorded = tmp_path / "recorded.json"
    look = shlex.join([sys.executable, "-c", RECORDED, str(recorded), KEY_ID])
    wrapper.write_text(
        f'#!/bin/sh\nset -e\nenv >{runs}/$$-"$1"\n[ "$1" != destroy ] || {look}\n'
        f'exec {shlex.quote(str(Path(terraform.binary).resolve()))} "$@"\n'
    )
    wrapper.chmod(0o755)

    seen = shell.run(
        *(COMMAND, "demo"),
        TF_BINARY=str(wrapper),
        SECRETWATCH_PROVIDER_MIRROR=str(tmp_path / "mirror"),
        XDG_STATE_HOME=str(tmp_path / "state"),
    )
    print(
        f"{len(shell.traps)} variables; {len(seen['connections'])} connections to traps; "
        f"{sum(seen['packets'].values())} packets; children: {', '.join(sorted(seen['children']))}"
    )
    assert seen["code"] == 0, seen["said"]
    assert "nothing is left behind" in seen["said"]

    # Nothing leaves.
    assert (seen["connections"], seen["packets"]) == ([], {})
    # Nobody asks for credentials, or looks for them.
    assert not shell.touched.exists()
    # boto3 looks there for newer models of APIs: they do not say where one answers.
    assert set(seen["opened"]) <= {".aws/models"}

    # Nobody is given them.
    assert {Path(terraform.binary).name, provider_name(provider)} <= seen["children"].keys()
    assert {name for names in seen["children"].values() for name in names} == set()
    commands = {}
    for file in runs.iterdir():
        variables = dict(line.partition("=")[::2] for line in file.read_text().splitlines())
        about = {name for name in variables if name.startswith(("AWS_", "TF_AWS_", "TF_VAR_", "BOTO"))}
        commands[file.name.partition("-")[2]] = about
    assert commands.keys() >= {"version", "init", "apply", "output", "destroy"}
    assert commands.pop("version") == set()
    own = {name for name in clients_env("") if name.startswith("AWS_")}
    assert {name: about - own for name, about in commands.items() if about - own} == {}
    assert not [each for each in shell.home.iterdir() if each.name.startswith(("data-", "log-"))]

    # And what was recorded knows nothing of the caller.
    found = json.loads(recorded.read_text())
    events = [json.loads(text) for text in found["events"]]
    assert {"CreateTrail", "GetSecretValue"} <= {event["eventName"] for event in events}
    assert any("GetSecretValue" in line for line in found["lines"])
    assert KEY_ID not in recorded.read_text()
    assert found["files"] == []


def provider_name(folder: Path) -> str:
    (binary,) = folder.glob("terraform-provider-aws*")
    return binary.name
