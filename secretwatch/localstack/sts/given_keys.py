"""Access keys that were given out: users' own, and the temporary ones of sessions.

A key that was given out and stands for nobody any more, or not now, opens nothing: it was deleted, or is
inactive. Any other key that nobody knows is, on the local cloud, one of its account's root user.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from moto.iam.models import AccessKey

GIVEN: set[str] = set()
"""The ids. They outlive a reset of LocalStack's state, after which these keys open nothing either."""


def remember_keys() -> None:
    """From now on the key that IAM or STS makes is remembered, whichever API it was made by."""
    make: Any = AccessKey.__init__

    @wraps(make)
    def initialise(self: Any, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        GIVEN.add(self.access_key_id)

    AccessKey.__init__ = initialise
