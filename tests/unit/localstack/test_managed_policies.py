"""AWS's own policies: every account has them, none sees what another does with them."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from moto.iam import models

from secretwatch.localstack.iam.managed_policies import read_managed_policies_once

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
_numbers = itertools.count(500000000000)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The accounts for which the policies were read."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    accounts: list[str] = []
    read = models.IAMBackend._init_aws_policies

    def noticed(self: Any) -> list[Any]:
        accounts.append(self.account_id)
        return read(self)

    # All that is set, so that all of it is taken back.
    monkeypatch.setattr(models.IAMBackend, "_init_aws_policies", noticed)
    monkeypatch.setattr(models.IAMBackend, "_init_managed_policies", None)
    monkeypatch.setattr(models.IAMBackend, "aws_managed_policies", None, raising=False)
    monkeypatch.setattr(models.IAMBackend, "managed_policies", None, raising=False)
    read_managed_policies_once()
    return accounts


def account(partition: str = "aws") -> Any:
    return models.iam_backends[str(next(_numbers))][partition]


def test_they_are_read_when_they_are_asked_for_and_once(reads: list[str]) -> None:
    one, two = account(), account()
    assert reads == []
    found = [backend.get_policy(READ_ONLY) for backend in (one, two, account())]
    assert len(reads) == 1
    assert [each.account_id for each in found[:2]] == [one.account_id, two.account_id]
    assert len({each.id for each in found}) == 1
    assert len(one.managed_policies) > 1000
    assert all(json.loads(each.document)["Statement"] for each in one.managed_policies.values())


def test_each_partition_has_arns_of_its_own(reads: list[str]) -> None:
    assert READ_ONLY in account().managed_policies
    assert READ_ONLY.replace(":aws:iam", ":aws-cn:iam") in account("aws-cn").managed_policies
    assert len(reads) == 2


def test_what_an_account_does_is_its_own(reads: list[str]) -> None:
    one, two = account(), account()
    one.create_role("role", "{}", "/", None, "", [], "3600")
    one.attach_role_policy(READ_ONLY, "role")
    one.get_policy(READ_ONLY).versions[0].is_default = False
    one.get_policy(READ_ONLY).versions.clear()
    one.get_policy(READ_ONLY).tags["team"] = {"Key": "team", "Value": "x"}
    own = one.create_policy(
        description="", path="/", policy_document=json.dumps(POLICY), policy_name="own", tags=[]
    )
    assert one.get_policy(READ_ONLY).attachment_count == 1
    assert own.arn in one.managed_policies
    assert own.arn not in two.managed_policies
    untouched = two.get_policy(READ_ONLY)
    assert (untouched.attachment_count, untouched.tags) == (0, {})
    assert [version.is_default for version in untouched.versions] == [True]


def test_what_localstack_adds_stays(reads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    made = models.IAMBackend._init_aws_policies

    def more(self: Any) -> list[Any]:
        return [*made(self), models.AWSManagedPolicy("Added", self.account_id, self.region_name)]

    monkeypatch.setattr(models.IAMBackend, "_init_aws_policies", more)
    backend = account()
    assert "arn:aws:iam::aws:policy/Added" in backend.managed_policies
    assert READ_ONLY in backend.managed_policies
    assert len(backend.aws_managed_policies) == len(backend.managed_policies)


POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
