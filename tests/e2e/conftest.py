"""One deployment for all end-to-end tests."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from deployment import PLAIN, ROOT, SIBLING, STORIES, WATCHED, Deployment


@pytest.fixture(scope="session")
def deployment(terraform: Any, aws: dict[str, str], local_cloud: Any) -> Iterator[Deployment]:
    client = boto3.client("secretsmanager")
    values = {name: secrets.token_urlsafe(24) for name in (*STORIES, SIBLING, "smoke")}
    for name, value in values.items():
        client.create_secret(Name=name, SecretString=value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TF_VAR_plain", json.dumps(PLAIN))
        patch.setenv("TF_VAR_watched", json.dumps(WATCHED))
        root = terraform.new_root("end-to-end", ROOT)
        terraform.run(root, "apply", "-auto-approve")
        local_cloud.confirm()
        watch = json.loads(terraform.run(root, "output", "-json", "watch"))
        yield Deployment(root, watch, values)
        terraform.run(root, "destroy", "-auto-approve")
