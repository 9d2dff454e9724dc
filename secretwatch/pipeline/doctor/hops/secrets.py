"""Of hop 4: the watched secrets: are they there, and under the name or ARN that is watched."""

from __future__ import annotations

from secretwatch import secretid
from secretwatch.cloudtrail import Event
from secretwatch.pipeline.doctor import namesakes
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Person, Step
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.reads import expected
from secretwatch.pipeline.doctor.view import View


def are_there(hop: Hop, view: View) -> None:
    """Watched secrets that do not exist, and so are read by nobody; or under another ARN than is watched."""
    if not view.subject.is_about_secrets or any(each.cause == "pattern" for each in hop.findings):
        return
    for each in view.subject.secrets:
        if secretid.is_prefix(each):
            continue
        if unknown := view.account.unknown.get(Ref("secret", each)):
            hop.cannot_tell("permission", f"Whether {each} is there cannot be told: {unknown.missing}.")
            continue
        found = view.account.get("secret", each)
        if found and found.get("DeletedDate"):
            hop.warning("secret-deleted", f"The watched secret {each} is to be deleted: nobody can read it.")
        if not view.account.lacks("secret", each):
            _under_its_arn(hop, view, each, found)
            continue
        anew = view.account.get("secret", secretid.names(each)[0]) if each.startswith("arn:") else None
        what = (
            f"; there is {anew['ARN']} of its name: was it deleted and created again? {_how_far(view, anew)}"
            if anew
            else ": was it renamed or deleted? Nobody can read it under this name"
        )
        hop.broken(
            "secret-gone",
            f"The watched secret {each} is not there{what}.",
            *_known_again(view, each, anew),
            ref=Ref("secret", each),
            stops=False,
        )


def _under_its_arn(hop: Hop, view: View, name: str, found: Thing | None) -> None:
    """Of a watched name that was applied with an ARN: whether it is the ARN that the secret has today."""
    arn = str((found or {}).get("ARN") or "")
    if view.intent is None or not arn or arn == name or not _rings(view, name) or _rings(view, arn):
        return
    if "filter-deleted" in {each.cause for each in hop.findings}:
        # That alone may be why: the ARN may stand in the pattern that is gone.
        return
    first = (
        "If Terraform made the secret: `terraform state rm` and `terraform import` it, else it is refused."
    )
    hop.broken(
        "another-secret",
        f"Reads of {name} by its ARN, {arn}, do not ring, though those by its name do: what was applied has "
        "another ARN. Was it deleted and created again?",
        Person(first),
        *namesakes.applied_again(view, "would name the ARN of today"),
        ref=Ref("secret", name),
        stops=False,
    )


def _rings(view: View, asked_for: str) -> bool:
    """Whether the alarm hears of reads that name the secret so."""
    metric = view.applied_metric() or view.metric
    account = view.account
    kind = view.subject.kinds[0]
    read = expected(asked_for, account.account_id, account.region, view.now, kind)
    return bool(metric and any(view.counts(each, metric, read) for each in view.emitting(metric)))


def _how_far(view: View, anew: Thing) -> str:
    if _rings(view, str(anew["ARN"])):
        return (
            "Its reads ring the alarm, but rules of the fast path and others that name the old ARN miss them"
        )
    return "That one is not watched"


def _known_again(view: View, watched: str, anew: Thing | None) -> list[Step]:
    """How Terraform gets to know the new one: of a secret of the module's own, by an import."""
    ref = Ref("secret", watched)
    known = anew and view.intent and view.intent.address.get(ref)
    if anew and known and (steps := namesakes.known_again(view, ref, str(anew["ARN"]))):
        return steps
    return [Person("Write the name or ARN that it has today in the watch's secrets, and apply.")]


def say_made_anew(hop: Hop, view: View) -> None:
    """A watched ARN whose secret was deleted and created again: its suffix is another."""
    if not view.followed:
        return
    read = view.examples[0]
    metric = view.applied_metric() or view.metric
    if metric is None or any(view.counts(each, metric, read) for each in view.emitting(metric)):
        return
    words = made_anew(view, read)
    if words:
        hop.broken(
            "pattern",
            f"The metric filters do not match the read of {', '.join(secretid.asked_for(read))}.{words}",
            *view.terraform(*(Ref("filter", id) for id in view.intent.of("filter", "ring")))
            if view.intent
            else (),
        )


def made_anew(view: View, read: Event) -> str:
    """The cause behind a suffix that differs from the watched ARN's."""
    for watched in view.subject.secrets:
        for each in secretid.asked_for(read):
            if secretid.made_anew(watched, each):
                return (
                    f" The watch has {watched}, and the caller sent {each}: was the secret deleted and "
                    "created again? Then write its ARN of today, or its name, in the watch's secrets."
                )
    return ""
