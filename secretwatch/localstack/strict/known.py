"""Which users and roles there are: a resource's policy that names others is refused."""

from __future__ import annotations

from collections.abc import Callable

from localstack.aws.api import RequestContext
from moto.iam.models import iam_backends


def exists_in(context: RequestContext) -> Callable[[str], bool]:
    """Whether there is such a user or role, by its ARN.

    AWS looks in all accounts; here other accounts' are taken to be there, as they are not on this machine.
    """

    def exists(arn: str) -> bool:
        account = arn.split(":")[4]
        if account != context.account_id:
            return True
        backend = iam_backends[account][context.partition]
        if arn.partition(":role/")[1]:
            return any(role.arn == arn for role in list(backend.roles.values()))
        return any(user.arn == arn for user in list(backend.users.values()))

    return exists
