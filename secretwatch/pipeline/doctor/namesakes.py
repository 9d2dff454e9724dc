"""Another of the same name in a thing's place. Pure.

Of some things AWS puts into the ARN what nobody chooses: six characters behind a secret's name, an id behind
a connection's. Who deletes one and makes it anew by hand makes another, which policies do not name; nor does
Terraform, which then makes a second one, and is refused as the name is taken.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#describe-secret-details
"""

from __future__ import annotations

import re
import shlex

from secretwatch import secretid
from secretwatch.pipeline.doctor.account import Account, Ref, Thing
from secretwatch.pipeline.doctor.calls import Run, Step
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.view import View

_SECRET = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^\s\"*?$]+-[A-Za-z0-9]{6}(?=\")"
)


def named(thing: Thing | None) -> list[Ref]:
    """The secrets that the policies of a role name by their ARNs."""
    texts = [str(text) for text in ((thing or {}).get("Inline") or {}).values()]
    return [Ref("secret", arn) for text in texts for arn in dict.fromkeys(_SECRET.findall(text))]


def all_named(intent: Intent) -> list[Ref]:
    """Those that any role of what was applied may use: they have to be there, or it may nothing."""
    own = intent.account
    found = [ref for _, role in own.all("role") for ref in named(role)]
    return [ref for ref in dict.fromkeys(found) if secretid.account(ref.id) == own.account_id]


def by_name(account: Account) -> list[Ref]:
    """Of secrets that are not there under their ARNs: the same by their names."""
    lost = [ref.id for ref, thing in account.things.items() if ref.kind == "secret" and thing is None]
    return [Ref("secret", name) for arn in lost if arn.startswith("arn:") for name in secretid.names(arn)[:1]]


def another(account: Account, ref: Ref) -> str | None:
    """The ARN of what has the name of a thing that is not there any more."""
    if ref.kind != "secret" or not ref.id.startswith("arn:") or not account.lacks(ref.kind, ref.id):
        return None
    found = account.get("secret", next(iter(secretid.names(ref.id)), None))
    arn = str((found or {}).get("ARN") or "")
    return arn if arn and arn != ref.id else None


def sentence(said: str, before: str, now: str) -> str:
    return (
        f"The {said} was deleted, and somebody made another one of its name: {now}. The applied resources "
        f"name {before}, so nothing may use the new one."
    )


def made_again(view: View, ref: Ref) -> list[Step]:
    """In the place of one that Terraform takes for its own, as it knows it by its name."""
    addresses, folder = view.intent.address.get(ref, []) if view.intent else [], view.subject.directory
    if not addresses or not folder:
        return []
    replaced = f"terraform -chdir={folder} apply -replace={shlex.quote(addresses[0])}"
    return [Run(f"{replaced}    # would make it again, with what it was made of, and name it everywhere")]


def known_again(view: View, ref: Ref, arn: str, *, in_state: bool = True) -> list[Step]:
    """How Terraform gets to know the new one; nothing where it does not own the thing."""
    assert view.intent
    addresses = view.intent.address.get(ref, []) or view.intent.absent_of(ref.kind)
    folder = view.subject.directory
    if not addresses or not folder:
        return []
    address = shlex.quote(addresses[0])
    steps: list[Step] = []
    if in_state:
        # Terraform imports nothing in the place of what its state has.
        steps.append(Run(f"terraform -chdir={folder} state rm {address}"))
    return [
        *steps,
        Run(f"terraform -chdir={folder} import {address} {shlex.quote(arn)}"),
        Run(f"terraform -chdir={folder} apply    # would name the new ARN everywhere"),
    ]


def applied_again(view: View, what: str = "would make again what is missing") -> list[Step]:
    folder = view.subject.directory
    return [Run(f"terraform -chdir={folder} apply    # {what}")] if folder else []
