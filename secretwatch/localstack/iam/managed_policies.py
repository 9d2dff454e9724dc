"""The policies that AWS manages: read once, and an account has them when it asks for one.

moto reads more than a thousand of them for every account and partition that is spoken of, which takes a
quarter of a second of the first call in each.
"""

from __future__ import annotations

from functools import wraps
from threading import RLock
from typing import Any

from moto.iam.models import IAMBackend

_LOCK = RLock()


def read_managed_policies_once() -> None:
    """From now on an account's AWS managed policies are copies of those that were read for the first one.

    They have the same ids in all accounts, as on AWS. What an account does with one (how often it is
    attached, its versions) is its own. To be called before LocalStack patches the same function.
    """
    read = IAMBackend._init_aws_policies
    known: dict[str, list[Any]] = {}

    def of_aws(backend: Any, added: list[Any]) -> list[Any]:
        if backend.partition not in known:
            known[backend.partition] = read(backend)
        return [_copy(policy, backend.account_id) for policy in known[backend.partition]] + added

    def by_arn(backend: Any, _nothing: Any) -> dict[str, Any]:
        return {policy.arn: policy for policy in backend.aws_managed_policies}

    # What a backend is made with. LocalStack adds policies of its own, and finds the function by its name.
    @wraps(read)
    def none_yet(_backend: Any) -> list[Any]:
        return []

    for name, value in (
        ("_init_aws_policies", none_yet),
        ("_init_managed_policies", lambda _backend: None),
        ("aws_managed_policies", _WhenAsked("aws_managed_policies", of_aws)),
        ("managed_policies", _WhenAsked("managed_policies", by_arn)),
    ):
        setattr(IAMBackend, name, value)


class _WhenAsked:
    """An attribute that is made, of what it was set to, when it is asked for first."""

    def __init__(self, name: str, make: Any) -> None:
        self._name, self._make = name, make

    def __set__(self, backend: Any, value: Any) -> None:
        vars(backend)[self._name] = (False, value)

    def __get__(self, backend: Any, _owner: Any = None) -> Any:
        made, value = vars(backend)[self._name]
        if made:
            return value
        with _LOCK:
            made, value = vars(backend)[self._name]
            if not made:
                value = self._make(backend, value)
                vars(backend)[self._name] = (True, value)
            return value


def _copy(policy: Any, account_id: str) -> Any:
    """Documents, which are long, are shared: nobody changes a text."""
    made = _twin(policy)
    made.account_id = account_id
    made.tags = dict(policy.tags)
    made.versions = [_twin(version) for version in policy.versions]
    # LocalStack looks for it here, and gives it to those policies alone that are read after its patches.
    made.document = made.versions[0].document
    return made


def _twin(thing: Any) -> Any:
    """As copy.copy, which takes several times as long, as it asks how a thing wants to be copied."""
    made = object.__new__(type(thing))
    made.__dict__.update(thing.__dict__)
    return made
