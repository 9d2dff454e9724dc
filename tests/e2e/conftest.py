"""Deployments for many end-to-end tests."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from beats import ACCOUNT as BEATS
from beats import EVERY
from beats import ROOT as BEATS_ROOT
from beats import Account as Beats
from deployment import ROOT, SIBLING, STORIES, Deployment
from endpoints import Endpoint


@pytest.fixture(scope="session")
def deployment(terraform: Any, aws: dict[str, str], local_cloud: Any) -> Iterator[Deployment]:
    client = boto3.client("secretsmanager")
    values = {name: secrets.token_urlsafe(24) for name in (*STORIES, SIBLING)}
    for name, value in values.items():
        client.create_secret(Name=name, SecretString=value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_VAR_stories", json.dumps(STORIES))
        root = terraform.new_root("end-to-end", ROOT)
        terraform.run(root, "apply", "-auto-approve")
        local_cloud.confirm()
        watch = json.loads(terraform.run(root, "output", "-json", "watch"))
        # Not destroyed, which the examples are: the cloud ends with the run, and all that is in it.
        yield Deployment(root, watch, values)


@pytest.fixture(scope="session")
def beats(
    terraform: Any, aws: dict[str, str], local_cloud: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Beats]:
    endpoint = Endpoint(tmp_path_factory.mktemp("endpoint"))
    root = terraform.new_root(
        "beats", BEATS_ROOT.replace("«URL»", endpoint.url).replace("«EVERY»", str(EVERY))
    )

    def run(*arguments: str) -> str:
        # Only here: other files' tests on this worker are in another account.
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ACCESS_KEY_ID", BEATS)
            return str(terraform.run(root, *arguments))

    try:
        run("apply", "-auto-approve")
        local_cloud.confirm()
        planned = run("plan")
        assert "No changes" in planned, planned
        watches = json.loads(run("output", "-json", "watches"))
        yield Beats(local_cloud, watches["all"], endpoint, root)
        run("destroy", "-auto-approve")
    finally:
        endpoint.close()
