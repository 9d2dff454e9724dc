"""May this caller make this call? LocalStack's community edition lets everybody do everything.

IAM users and role sessions are held to their own policies, boundary and session policies, and to those of the
resource: what a call needs stands in `policy.actions`, what the policies say in `policy`. The root user, as
which LocalStack's usual test credentials and all keys that were never given count, may do everything in its
account but what a resource's policy denies. Calls between services are not looked at; of those without a
signature (`doors.py`) only what they change in a bucket (`anonymous.py`).
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.utils.aws.request_context import extract_account_id_from_auth_header

from secretwatch.localstack.access import anonymous
from secretwatch.localstack.access.principals import (
    Permissions,
    context_of,
    permissions_of,
    same_organization,
)
from secretwatch.localstack.access.resources import HAVE_POLICIES, Resource, resource_of
from secretwatch.localstack.access.services.roles import role_of
from secretwatch.localstack.access.services.stored import attached_policies, parsed
from secretwatch.localstack.callers.identity import Caller, caller_of, caller_of_request
from secretwatch.localstack.callers.s3 import query_signature
from secretwatch.localstack.callers.unsigned import INJECTED, keys_refused
from secretwatch.localstack.secretsmanager import batches
from secretwatch.policy import (
    Decision,
    MalformedPolicy,
    Policy,
    Principal,
    Request,
    authorize,
    denied_message,
)
from secretwatch.policy.actions import Need, Where, needs
from secretwatch.policy.denials import Denial, denial, unknown_keys

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html: the root user of the bucket's
# account can always see and undo a policy that shuts everybody out.
_ROOT_ALWAYS = frozenset({"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"})

# What is to be made is the caller's, also under a name that somebody else has: that is BucketAlreadyExists.
_MAKES = "s3:CreateBucket"


class Access:
    """A request handler that refuses as the services do, before anything is done.

    A refused call has the service's error as its exception, from which the recorder makes the event.
    """

    def __call__(self, _chain: Any, context: RequestContext, _response: Any) -> None:
        assert context.service is not None
        assert context.operation is not None
        caller = caller_of_request(context)
        service = context.service.service_name
        if caller.kind == "nobody" or (service == "s3" and _is_presigned_by_nobody(context)):
            keys_refused(context)
            raise _error(unknown_keys(service, _protocol(context)))
        if caller.kind == "root" and (service not in HAVE_POLICIES or _is_anonymous(caller)):
            if (
                service == "s3"
                and _is_anonymous(caller)
                and query_signature(context.request) is None
                and anonymous.refused(context, caller)
            ):
                raise _error(Denial("AccessDenied", 403, "Access Denied"))
            return
        parameters, operation = context.service_request or {}, context.operation.name
        is_batch = service == "secretsmanager" and operation == "BatchGetSecretValue"
        # Most calls on the local cloud are root's, and nothing there says a word about that one.
        if caller.kind == "root" and not is_batch:
            where = Where(context.partition, context.region, context.account_id)
            if not _concerns_root(caller.account_id, service, operation, parameters, where):
                return
        call = _Call(context, caller)
        if refused := call.refusal(service, operation, parameters):
            raise _error(refused)
        if is_batch:
            batches.hold(call.reads)


class _Call:
    """One call: its caller's permissions are looked up once."""

    def __init__(self, context: RequestContext, caller: Caller) -> None:
        self._context = context
        self._caller = caller
        self._holder: Caller = getattr(caller, "issuer", None) or caller
        self._permissions: Permissions | None = None
        self._keys: Mapping[str, Any] | None = None

    def refusal(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Denial | None:
        """The refusal of the first permission that is lacking; None where the call may be made."""
        context, caller = self._context, self._caller
        user = caller.name if caller.kind == "user" else "*"
        where = Where(context.partition, context.region, context.account_id, user)
        if caller.kind == "root" and not _concerns_root(
            caller.account_id, service, operation, parameters, where
        ):
            return None
        for need in needs(service, operation, parameters, where):
            try:
                refused = self._refusal(service, need, parameters)
            except MalformedPolicy as error:
                # Somebody has to be able to mend it.
                if caller.kind == "root":
                    continue
                because = f"as a policy cannot be read: {error}"
                refused = Decision("ImplicitDeny", because, because), need.resource, caller.account_id
            if refused is None:
                continue
            decision, arn, owner = refused
            own = owner == caller.account_id
            named = need._replace(resource=arn)
            if service == "s3" and not own:
                # https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
                own = same_organization(caller.account_id, owner)
            found = denial(service, _protocol(context), caller.arn, named, decision, own=own)
            if service == "cloudcontrol" and not need.action.startswith("cloudformation:"):
                return _from_handler(found, parameters)
            if service == "cloudtrail" and need.action.startswith("organizations:"):
                # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
                return replace(found, code="InsufficientDependencyServiceAccessPermissionException")
            if operation == "RegisterOrganizationDelegatedAdmin" and need.action.startswith("iam:"):
                return replace(found, code="InsufficientIAMAccessPermissionException")
            return found
        return None

    def reads(self, secret_id: str) -> str | None:
        """Why the caller may not read a secret of a batch."""
        found = self.refusal("secretsmanager", "GetSecretValue", {"SecretId": secret_id})
        return found.message if found else None

    def _refusal(
        self, service: str, need: Need, parameters: Mapping[str, Any]
    ) -> tuple[Decision, str, str] | None:
        """The decision against the caller, on which ARN, and whose that is."""
        caller = self._caller
        resource = self._resource(need, parameters)
        own = resource.account == caller.account_id
        if caller.kind == "root" and not _binds_root(caller.account_id, need, resource):
            return None
        request = Request(
            principal=Principal.of(self._holder.arn, issuer=self._holder.role_arn),
            action=need.action,
            resource=resource.arn,
            context=self._about(resource, need),
            resource_account=resource.account,
        )
        has = self._permissions_of()
        decision = authorize(
            request,
            identity_policies=has.identity,
            resource_policy=_policy_for(need, resource),
            permissions_boundary=has.boundary,
            session_policies=has.session,
        )
        # Of keys and roles here, unlike on AWS, nobody made sure that the root user can still change them.
        if caller.kind == "root" and own and decision.effect != "Deny":
            return None
        return None if decision.allowed else (decision, resource.arn, resource.account)

    def _resource(self, need: Need, parameters: Mapping[str, Any]) -> Resource:
        return _resource_of(need, parameters, self._caller.account_id, self._context.region)

    def _permissions_of(self) -> Permissions:
        if self._permissions is None:
            self._permissions = permissions_of(self._context, self._caller, self._holder)
        return self._permissions

    def _about(self, resource: Resource, need: Need) -> dict[str, Any]:
        if self._keys is None:
            self._keys = context_of(self._context, self._caller, self._holder)
        tags = {f"aws:ResourceTag/{key}": value for key, value in resource.tags.items()}
        return {**self._keys, **tags, **resource.keys, **need.context}


def _resource_of(need: Need, parameters: Mapping[str, Any], account_id: str, region: str) -> Resource:
    """The resource that a call of an account's needs something on."""
    # Of another account's trails CloudTrail itself says who may: no policy of theirs does.
    if need.action == _MAKES or need.action.startswith("cloudtrail:"):
        return Resource(need.resource, account_id)
    return resource_of(need.resource, parameters, account_id, region)


def _concerns_root(
    account_id: str, service: str, operation: str, parameters: Mapping[str, Any], where: Where
) -> bool:
    """Whether anything has a say about a call of the account's root user."""
    # No generator: this is for every call.
    for need in needs(service, operation, parameters, where, keys=False):
        if _binds_root(account_id, need, _resource_of(need, parameters, account_id, where.region)):
            return True
    return False


def _binds_root(account_id: str, need: Need, resource: Resource) -> bool:
    """Whether the root user has to be asked about: its own account's denials, and what is another's."""
    if resource.account != account_id:
        return resource.exists
    denies = resource.policy is not None and '"Deny"' in resource.policy
    return denies and need.action not in _ROOT_ALWAYS


def role_refusal(
    role_arn: str, service: str, operation: str, parameters: Mapping[str, Any], *, region: str, session: str
) -> str | None:
    """Why a role that an AWS service has assumed may not make a call; for calls that pass no gateway.

    service: botocore's name; session: the session's name, as the service gives it.
    """
    _, partition, _, _, account_id, _ = role_arn.split(":", 5)
    role = role_of(role_arn)
    if role is None:
        return f"the role {role_arn} does not exist"
    name = role_arn.rsplit("/", 1)[-1]
    principal = Principal.of(
        f"arn:{partition}:sts::{account_id}:assumed-role/{name}/{session}", issuer=role_arn
    )
    for need in needs(service, operation, parameters, Where(partition, region, account_id)):
        resource = resource_of(need.resource, parameters, account_id, region)
        request = Request(
            principal, need.action, resource.arn, {**resource.keys, **need.context}, resource.account
        )
        try:
            decision = authorize(
                request,
                identity_policies=attached_policies(role),
                resource_policy=_policy_for(need, resource),
            )
        except MalformedPolicy as error:
            return f"a policy cannot be read: {error}"
        if not decision.allowed:
            return denied_message(principal.name, need.action, resource.arn, decision)
    return None


def require_permission(context: RequestContext, action: str, resource: str) -> None:
    """Raises the service's refusal where the caller may not do this beside the call; root may everything."""
    caller = caller_of_request(context)
    if context.is_internal_call or caller.kind == "root" or context.service is None:
        return
    has = permissions_of(context, caller, caller)
    request = Request(Principal.of(caller.arn, issuer=caller.role_arn), action, resource)
    decision = authorize(
        request,
        identity_policies=has.identity,
        permissions_boundary=has.boundary,
        session_policies=has.session,
    )
    if not decision.allowed:
        need = Need(action, resource)
        refused = denial(
            context.service.service_name, _protocol(context), caller.arn, need, decision, own=True
        )
        raise _error(refused)


def _error(refused: Denial) -> CommonServiceException:
    return CommonServiceException(
        code=refused.code, message=refused.message, status_code=refused.status, sender_fault=True
    )


def _is_presigned_by_nobody(context: RequestContext) -> bool:
    signed = query_signature(context.request)
    if signed is None:
        return False
    headers = {"Authorization": signed}
    account_id = extract_account_id_from_auth_header(headers) or context.account_id
    return caller_of(headers, account_id, context.partition).kind == "nobody"


def _is_anonymous(caller: Caller) -> bool:
    """Whether LocalStack made the credentials up."""
    return bool(caller.user_identity["accessKeyId"] == INJECTED)


def _protocol(context: RequestContext) -> str:
    return str(context.service.protocol) if context.service else ""


def _policy_for(need: Need, resource: Resource) -> Policy | None:
    if need.action.startswith("kms:") and not resource.exists:
        return _default_key_policy(resource.account)
    # A role's trust policy is about nothing but assuming it.
    if not resource.policy or (":role/" in need.resource and not need.action.startswith("sts:")):
        return None
    return parsed(resource.policy)


@lru_cache(maxsize=256)
def _default_key_policy(account_id: str) -> Policy:
    """Leaves a key to the policies of its account, as that of a key which does not exist has to."""
    return Policy.parse(
        {
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": account_id},
                "Action": "kms:*",
                "Resource": "*",
            }
        }
    )


def _from_handler(refused: Denial, parameters: Mapping[str, Any]) -> Denial:
    """Cloud Control says what its handler was told.

    AWS does not say how; this is the form that its failed reads have (observed).
    """
    kind = parameters.get("TypeName")
    message = f"{kind} Handler returned status FAILED: {refused.message} (HandlerErrorCode: AccessDenied)"
    return Denial(refused.code, refused.status, message)
