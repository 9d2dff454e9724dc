"""One deployment for all end-to-end tests."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from deployment import ROOT, SIBLING, STORIES, Deployment


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
