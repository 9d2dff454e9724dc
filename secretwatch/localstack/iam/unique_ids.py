"""IAM's unique ids, whose first letters say of what they are.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
"""

from __future__ import annotations

import random
from functools import wraps
from typing import Any

from moto.iam import models
from moto.iam.utils import AWS_ROLE_ALPHABET, generate_access_key_id_from_account_id

# Roles have theirs already. Policies are given theirs by the function: LocalStack patches how they are made.
_PREFIXES = {"Group": "AGPA", "InstanceProfile": "AIPA", "User": "AIDA"}
_POLICY = "ANPA"
_LENGTH = 21


def give_unique_ids() -> None:
    """From now on what is made in IAM has ids in AWS's form: the prefix, capitals and digits."""
    for name, prefix in _PREFIXES.items():
        kind = getattr(models, name)
        kind.__init__ = _with_id(kind.__init__, prefix)
    models.random_policy_id = _policy_id


def _policy_id() -> str:
    return _POLICY + "".join(random.choices(AWS_ROLE_ALPHABET, k=_LENGTH - len(_POLICY)))


def _with_id(init: Any, prefix: str) -> Any:
    @wraps(init)
    def initialise(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self.id = generate_access_key_id_from_account_id(self.account_id, prefix, _LENGTH)

    return initialise
