"""Evaluation: statements against a request, then policies of the caller and of the resource together.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html (and its
pages on one account and on several) and https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from secretwatch.policy import principals, wildcards
from secretwatch.policy.conditions import conditions_hold
from secretwatch.policy.document import Policy, Statement
from secretwatch.policy.request import Request
from secretwatch.policy.verdict import Verdict, every, no, unknown, yes

Source = str | bytes | Mapping[str, Any] | Policy
PolicyKind = Literal["resource", "identity", "boundary", "session"]

# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_KINDS: Mapping[PolicyKind, str] = {
    "resource": "resource-based policy",
    "identity": "identity-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
}
_ELEMENTS = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"}


@dataclass(frozen=True)
class Decision:
    """What a policy, or several, say to a request.

    effect: "Allow", "Deny" (a statement denies) or "ImplicitDeny" (none allows).
    reason: one sentence, for people: which statement decided, or which came nearest and why it did not apply.
    because: how AWS's message to the caller ends: `because no identity-based policy allows the X action` or
    `with an explicit deny in a resource-based policy`; "" when allowed.
    through_account: an Allow that names only the caller's account, which then has to allow it as well.
    itself: an Allow of a resource's policy that names the user or the session, not its role or everybody.
    """

    effect: Literal["Allow", "Deny", "ImplicitDeny"]
    reason: str
    because: str = ""
    through_account: bool = False
    itself: bool = False

    @property
    def allowed(self) -> bool:
        return self.effect == "Allow"


def evaluate(
    policies: Source | Sequence[Source], request: Request, kind: PolicyKind = "resource"
) -> Decision:
    """What the policies say, by themselves: a denial wins, then an Allow, else they deny by saying nothing.

    kind: "resource" (statements name principals), "identity" (attached to the caller), or what limits the
    caller: a permissions "boundary", a "session" policy. Raises MalformedPolicy.
    """
    sources = [policies] if isinstance(policies, str | bytes | Mapping | Policy) else policies
    allow: Decision | None = None
    nearest, nearest_steps = "", -1
    for policy in [Policy.parse(source) for source in sources]:
        for statement in policy.statements:
            verdict, steps, named = _applies(statement, policy, request, kind)
            if statement.effect == "Deny":
                if verdict.holds is not False:
                    return _deny(statement, verdict, request, kind)
            elif verdict.holds:
                if allow is None or allow.through_account or (named.itself and not allow.itself):
                    reason = f"{_start(statement)} allows {_what(request)}."
                    allow = Decision(
                        "Allow", reason, through_account=named.through_account, itself=named.itself
                    )
            elif steps > nearest_steps:
                nearest, nearest_steps = f": {statement.name} does not apply, as {verdict.why}", steps
    if allow:
        return allow
    because = f"because no {_KINDS[kind]} allows the {request.action} action"
    return Decision("ImplicitDeny", f"No statement allows {_what(request)}{nearest}.", because)


def authorize(
    request: Request,
    *,
    identity_policies: Iterable[Source] = (),
    resource_policy: Source | None = None,
    permissions_boundary: Source | None = None,
    session_policies: Sequence[Source] = (),
) -> Decision:
    """Whether the caller may, by its own policies and the resource's together. Raises MalformedPolicy.

    - A denial in either wins.
    - A service, and an anonymous caller, need the resource's policy.
    - In one account either policy is enough, and the root user needs none; but for `kms:` and
      `sts:AssumeRole*` the resource's (key or trust) policy must allow: it names the caller, or the account
      while the caller's own policy allows as well.
    - From another account both must allow; that account's root user needs only the resource's.
    - What the caller's own policies allow, a boundary and one of the session policies have to allow too; so
      for what the resource's policy allows to a role, or to everybody, when a role's session asks. What it
      allows to a user or to a session itself they do not limit.
      https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-eval-logic
    """
    principal = request.principal
    theirs = evaluate(list(identity_policies), request, "identity")
    limits = [evaluate(permissions_boundary, request, "boundary")] if permissions_boundary is not None else []
    limits += [evaluate(list(session_policies), request, "session")] if session_policies else []
    if resource_policy is None:
        because = f"because no resource-based policy allows the {request.action} action"
        its = Decision(
            "ImplicitDeny", f"{request.resource} has no policy that allows {_what(request)}.", because
        )
    else:
        its = evaluate(resource_policy, request, "resource")
    for decision in (theirs, its, *limits):
        if decision.effect == "Deny":
            return decision
    if principal.account is None:
        return its
    if principal.kind == "root":
        theirs = Decision("Allow", f"{principal.name} is the account's root user.")
    limit = next((each for each in limits if not each.allowed), None)
    if limit and theirs.allowed:
        theirs = limit
    if limit and its.allowed and not its.itself and principal.kind in ("assumed-role", "role"):
        its = limit
    same_account = request.owner == principal.account
    must_be_in_resource_policy = not same_account or _is_up_to_the_resource(request)
    if must_be_in_resource_policy:
        if not its.allowed:
            return its
        return theirs if its.through_account or not same_account else its
    if its.allowed and not its.through_account:
        return its
    return theirs


def _is_up_to_the_resource(request: Request) -> bool:
    """Whether the resource's policy has to allow even its own account: of keys, of roles to be assumed."""
    if request.action.lower().startswith("kms:"):
        return ":key/" in request.resource
    return request.action.lower().startswith(("sts:assumerole", "sts:tagsession", "sts:setsourceidentity"))


def denied_message(principal_arn: str, action: str, resource: str, reason: str | Decision) -> str:
    """AWS's message to a caller who is refused.

    resource: "" where the message names none. reason: a Decision, or how it ends (Decision.because).
    Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html.
    """
    because = reason.because if isinstance(reason, Decision) else reason
    refused = f"User: {principal_arn} is not authorized to perform: {action}"
    if resource:
        refused = f"{refused} on resource: {resource}"
    return f"{refused} {because}".rstrip()


def _applies(
    statement: Statement, policy: Policy, request: Request, kind: PolicyKind
) -> tuple[Verdict, int, principals.Named]:
    """(Whether the statement is about the request, how many elements agreed, how it names the caller)."""
    named = _principal(statement, request, kind)
    if named.verdict.holds is False:
        return named.verdict, 0, named
    action = _action(statement.elements, request.action)
    if action.holds is False:
        return action, 1, named
    variables = request.keys if policy.has_variables else None
    verdicts = [
        named.verdict,
        action,
        _resource(statement.elements, request, variables, kind, statement.effect == "Allow"),
    ]
    unknown_elements = sorted(set(statement.elements) - _ELEMENTS - {"Condition"})
    if unknown_elements:
        verdicts.append(unknown(f"its element {unknown_elements[0]} is not understood"))
    if "Condition" in statement.elements:
        if not request.takes_conditions and statement.effect == "Allow":
            verdicts.append(no(f"{request.principal.name} is let through by no statement with a Condition"))
        condition = statement.elements["Condition"]
        verdicts.append(conditions_hold(condition, request.keys, variables=policy.has_variables))
    steps = next((i for i, verdict in enumerate(verdicts) if verdict.holds is False), len(verdicts))
    return every(verdicts), steps, named


def _principal(statement: Statement, request: Request, kind: PolicyKind) -> principals.Named:
    written = [name for name in ("Principal", "NotPrincipal") if name in statement.elements]
    if kind != "resource":
        verdict = unknown(f"a caller's own policy has no {written[0]}") if written else yes()
        return principals.Named(verdict)
    if len(written) != 1:
        return principals.Named(unknown("a resource's policy has either Principal or NotPrincipal"))
    element = statement.elements[written[0]]
    if written == ["Principal"]:
        return principals.names(element, request.principal)
    return principals.Named(principals.spares(element, request.principal, statement.effect))


def _action(elements: Mapping[str, Any], action: str) -> Verdict:
    patterns = _patterns(elements, "Action")
    if isinstance(patterns, Verdict):
        return patterns
    negated, texts = patterns
    found = any(_is_action(text, action) for text in texts)
    return yes() if found is not negated else no(f"its {'Not' * negated}Action leaves {action} out")


@lru_cache(maxsize=16384)
def _is_action(pattern: str, action: str) -> bool:
    return wildcards.matches(pattern.lower(), action.lower())


def _resource(
    elements: Mapping[str, Any],
    request: Request,
    variables: Mapping[str, Sequence[str]] | None,
    kind: PolicyKind,
    statement_allows: bool,
) -> Verdict:
    # A trust policy is about the role it stands in, and has no Resource.
    may_lack = kind == "resource" and request.action.lower().startswith("sts:")
    if may_lack and not {"Resource", "NotResource"} & set(elements):
        return yes()
    patterns = _patterns(elements, "Resource")
    if isinstance(patterns, Verdict):
        return patterns
    negated, texts = patterns
    if not request.resource and statement_allows:
        return yes()
    found = any(_matches_resource(text, request.resource, variables) for text in texts)
    return (
        yes() if found is not negated else no(f"its {'Not' * negated}Resource leaves {request.resource} out")
    )


def _matches_resource(pattern: str, resource: str, variables: Mapping[str, Sequence[str]] | None) -> bool:
    try:
        return wildcards.matches(pattern, resource, variables)
    except wildcards.Unresolved:
        return False


def _patterns(elements: Mapping[str, Any], name: str) -> tuple[bool, list[str]] | Verdict:
    written = [each for each in (name, f"Not{name}") if each in elements]
    if len(written) != 1:
        return unknown(f"it has not exactly one of {name} and Not{name}")
    value = elements[written[0]]
    texts = list(value) if isinstance(value, list | tuple) else [value]
    if not texts or any(not isinstance(text, str) for text in texts):
        return unknown(f"its {written[0]} is not a string or a list of strings")
    return written[0] != name, texts


def _deny(statement: Statement, verdict: Verdict, request: Request, kind: PolicyKind) -> Decision:
    doubt = "" if verdict.holds else f", since {verdict.why}"
    article = "an" if kind == "identity" else "a"
    because = f"with an explicit deny in {article} {_KINDS[kind]}"
    return Decision("Deny", f"{_start(statement)} denies {_what(request)}{doubt}.", because)


def _start(statement: Statement) -> str:
    return statement.name[0].upper() + statement.name[1:]


def _what(request: Request) -> str:
    who = request.principal.name or "an anonymous caller"
    return f"{request.action} on {request.resource or 'any resource'} to {who}"
