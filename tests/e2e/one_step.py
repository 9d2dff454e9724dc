"""Changes of one thing, and how it is put right in one step that touches nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable

from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.kinds import BY_NAME
from secretwatch.pipeline.doctor.kinds.filters import parts
from secretwatch.pipeline.doctor.view import View


def _another_filter(view: View, pattern: str) -> None:
    id, found = next(each for each in view.account.all("filter") if "beats-all" in each[0])
    group, _ = parts(id)
    view.account.put("filter", f"{group}:zz", {**found, "filterName": "zz", "filterPattern": pattern})


def _another_key(view: View) -> None:
    trail = view.trail
    assert trail
    view.account.change("topic", view.topics_of(view.alarm)[0], KmsMasterKeyId=trail["KmsKeyId"])


def _prefix(view: View) -> None:
    assert view.trail_arn
    view.account.change("trail", view.trail_arn, S3KeyPrefix="elsewhere")


def _elsewhere(view: View) -> None:
    _, found = next(each for each in view.account.all("filter") if "beats-all" in each[0])
    noise = {**found, "logGroupName": "/app/noise", "filterName": "zz", "filterPattern": ""}
    view.account.put("filter", "/app/noise:zz", noise)


def _nightly(view: View, *others: str) -> None:
    schedule = {"Expression": "cron(0 3 * * *)", "Duration": "PT2H"}
    muted = {"AlarmNames": [view.alarm_name, *others]}
    view.account.put("mute rule", "night", {"Rule": {"Schedule": schedule}, "MuteTargets": muted})


def _one_more_is_left_out(rule: str, member: str, value: str) -> Callable[[View], None]:
    """Somebody's value among those that a rule leaves out, as they are or as a beginning."""

    def change(view: View) -> None:
        id, found = next(each for each in view.account.all("rule") if rule in each[0])
        pattern = json.loads(found["EventPattern"])
        wanted = pattern["detail"].get(member)
        names = [value, *(each for each in wanted or () if isinstance(each, str))]
        pattern["detail"][member] = [{"anything-but": names}]
        if wanted and isinstance(wanted[0], dict) and "anything-but" in wanted[0]:
            pattern["detail"][member] = [{"anything-but": [*wanted[0]["anything-but"], value]}]
        view.account.change("rule", id, EventPattern=json.dumps(pattern))

    return change


def masks_addresses(account: Account) -> None:
    """Somebody hides e-mail addresses in the log group, of which no filter asks."""
    id, _ = next(account.all("log group"))
    mask = {"DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"]}
    operations = ({"Audit": {"FindingsDestination": {}}}, {"Deidentify": {"MaskConfig": {}}})
    statements = [{**mask, "Sid": str(n), "Operation": each} for n, each in enumerate(operations)]
    document = {"Name": "addresses", "Version": "2021-06-01", "Statement": statements}
    account.change("log group", id, policyDocument=json.dumps(document))


def _without_its_key(view: View) -> None:
    """The log group, whose addresses somebody masks."""
    masks_addresses(view.account)
    id, _ = next(view.account.all("log group"))
    view.account.change("log group", id, kmsKeyId=None)


def _denied_by_a_managed_policy(view: View) -> None:
    trail = view.trail
    assert trail
    role = trail["CloudWatchLogsRoleArn"].rsplit("/", 1)[-1]
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    view.account.change("role", role, Attached={"arn:aws:iam::aws:policy/AWSDenyAll": text})


ONE_STEP: dict[str, tuple[Callable[[View], None], str]] = {
    "a filter on everything, added": (lambda view: _another_filter(view, ""), "DeleteMetricFilter"),
    "a filter on more, added": (
        lambda view: _another_filter(view, '{ $.eventName = "DescribeSecret" }'),
        "DeleteMetricFilter",
    ),
    "a filter of another log group": (_elsewhere, "DeleteMetricFilter"),
    "muted every night": (_nightly, "DeleteAlarmMuteRule"),
    "muted every night with another": (lambda view: _nightly(view, "theirs"), "PutAlarmMuteRule"),
    "a call that a rule leaves out": (
        _one_more_is_left_out("self-watch-trail", "eventName", "StopLogging"),
        "PutRule",
    ),
    "a kind of event that a rule leaves out": (
        _one_more_is_left_out("beats-all-a", "eventType", "AwsApiCall"),
        "PutRule",
    ),
    "another key on the topic": (_another_key, "SetTopicAttributes"),
    "another folder in the bucket": (_prefix, "UpdateTrail"),
    "a log group without its key, where addresses are masked": (_without_its_key, "AssociateKmsKey"),
    "a role in quarantine": (_denied_by_a_managed_policy, "DetachRolePolicy"),
}


def make_anew(account: Account, ref: Ref) -> None:
    """Another one of the same name."""
    if ref.kind == "secret":
        name = ref.id.rsplit(":", 1)[-1][:-7]
        account.put("secret", ref.id, None)
        account.put("secret", name, {"Name": name, "ARN": f"{ref.id[:-6]}Another"[: len(ref.id)]})
    else:
        live = account.get(ref.kind, ref.id) or {}
        member = BY_NAME[ref.kind].identity
        account.change(ref.kind, ref.id, **{member: f"{live[member][:-8]}00000000"})
