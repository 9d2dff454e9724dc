"""What a mend may say and touch: true claims of Terraform, own keys, imports that work, policies together."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from answers import case
from healthy import facts
from meant_views import ACCOUNT, ARN, REGION, TOPIC, hop_of, view_of

from secretwatch.pipeline.doctor.account import Account, Ref
from secretwatch.pipeline.doctor.asking import Asked
from secretwatch.pipeline.doctor.calls import Call
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.machines import runs_as
from secretwatch.pipeline.doctor.hops.secrets import are_there
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.kinds import after
from secretwatch.pipeline.doctor.mend import proved
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.view import View
from secretwatch.pipeline.doctor.walk import _once, configured

ROLE, QUEUE, SECRET = (
    Ref("role", "carrier"),
    Ref("queue", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"),
    Ref("secret", ARN),
)


def policy(effect: str, action: str) -> str:
    statement = {"Sid": action.partition(":")[2], "Effect": effect, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


WRITE = policy("Allow", "logs:PutLogEvents")
TRUST = {"AssumeRolePolicyDocument": "{}"}
ROLE_POLICY = "module.w.aws_iam_role_policy.this"


def steps(hop: Hop) -> str:
    return " ".join(step.command() for each in hop.findings for step in each.steps)


def test_terraform_is_said_to_mend_only_what_it_knows_of() -> None:
    """A policy that somebody put beside its own is nothing that an apply takes away."""
    guard = policy("Deny", "logs:CreateLogStream")
    wanted = TRUST | {"Inline": {"own": WRITE}}
    beside = view_of(
        ROLE,
        wanted,
        TRUST | {"Inline": {"own": WRITE, "guard": guard}},
        "module.w.aws_iam_role.this",
        ROLE_POLICY,
    )
    assert "terraform" not in steps(hop_of(beside, ROLE))
    changed = view_of(
        ROLE, wanted, TRUST | {"Inline": {"own": guard}}, "module.w.aws_iam_role.this", ROLE_POLICY
    )
    assert ROLE_POLICY in steps(hop_of(changed, ROLE))


def test_a_roles_policies_are_good_together() -> None:
    wanted = TRUST | {"Inline": {"own": WRITE}}
    moved = TRUST | {"Inline": {}, "Attached": {"arn:aws:iam::111122223333:policy/moved": WRITE}}
    assert [each.verdict for each in hop_of(view_of(ROLE, wanted, moved), ROLE).findings] == ["warning"]
    gone = TRUST | {"Inline": {}, "Attached": {}}
    assert [each.verdict for each in hop_of(view_of(ROLE, wanted, gone), ROLE).findings] == ["broken"]


@pytest.mark.parametrize(("size", "found"), [("1024", 1), ("262144", 0), ("1048576", 0), (None, 0)])
def test_a_queue_for_what_is_lost_takes_whole_events(size: str | None, found: int) -> None:
    live = {"MaximumMessageSize": size, "QueueUrl": "u"} if size else {"QueueUrl": "u"}
    view = view_of(QUEUE, {"MaximumMessageSize": 262144, "QueueUrl": "u"}, live)
    assert len(hop_of(view, QUEUE).findings) == found


def test_a_queue_is_said_at_the_hop_whose_losses_it_keeps_with_all_that_is_wrong_with_it() -> None:
    """Made anew by its name, as a tool that cleans up does it: with AWS's own settings, and no policy."""
    takes = {"Sid": "Sends", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE.id}
    takes |= {"Principal": {"Service": "sns.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [takes]})
    wanted = {"MessageRetentionPeriod": "1209600", "Policy": document, "QueueUrl": "u"}
    live = {"MessageRetentionPeriod": "345600", "QueueUrl": "u"}
    there = case(facts())[0]
    meant = view_of(QUEUE, wanted, live).intent
    view = replace(there, intent=meant, account=there.account.copy())
    view.account.put("queue", QUEUE.id, live)
    (found,) = [(hop.name, each) for hop in configured(view) for each in hop.findings if each.ref == QUEUE]
    assert found[0] == "topic"
    assert "345600" in found[1].sentence
    assert "lacks Sends" in found[1].sentence


def test_a_secret_made_anew_is_imported_in_the_place_of_the_old_one() -> None:
    anew = f"{ARN[:-6]}GhIjKl"
    view = view_of(SECRET, {"ARN": ARN}, None, "module.w.aws_secretsmanager_secret.this")
    view.account.put("secret", "db", {"ARN": anew, "Name": "db"})
    hop = Hop("filter")
    are_there(hop, view)
    removed, imported, applied = [step.command() for step in hop.findings[0].steps]
    assert removed == "terraform -chdir=d state rm module.w.aws_secretsmanager_secret.this"
    assert imported == f"terraform -chdir=d import module.w.aws_secretsmanager_secret.this {anew}"
    assert applied.startswith("terraform -chdir=d apply")


PLACES = {
    "digests": "CloudTrail-Digest/*",
    "another region": "CloudTrail/eu-*",
    "its own region": f"CloudTrail/{REGION}/*",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_bucket_that_shuts_out_a_part_of_the_evidence_is_broken(place: str) -> None:
    view, _ = case(facts())
    ((name, bucket),) = view.account.all("bucket")
    for id, _trail in view.account.all("trail"):
        view.account.change("trail", id, LogFileValidationEnabled=True, IsMultiRegionTrail=True)
    document = json.loads(bucket["Policy"])
    denied = {
        "Sid": "Part",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:Put*",
        "Resource": f"arn:aws:s3:::{name}/*/{PLACES[place]}",
    }
    assert "bucket-policy" not in [each.cause for hop in configured(view) for each in hop.findings]
    document["Statement"].append(denied)
    view.account.change("bucket", name, Policy=json.dumps(document))
    (found,) = [each for hop in configured(view) for each in hop.findings if each.cause == "bucket-policy"]
    assert found.verdict == "broken"
    assert "Part" not in found.mend


def test_a_role_that_may_not_write_a_second_stream_is_broken() -> None:
    view, _ = case(facts())
    ((name, role),) = view.account.all("role")
    denied = {
        "Effect": "Deny",
        "Action": "logs:*",
        "Resource": f"arn:aws:logs:{REGION}:*:log-group:*:log-stream:*_{REGION}_?",
    }
    one = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    view.account.change("role", name, Inline={**role.get("Inline", {}), "one": one})
    causes = [each.cause for hop in configured(view) for each in hop.findings]
    assert "delivery-role-policy" in causes


def test_a_role_that_the_trail_was_not_applied_with_is_not_opened() -> None:
    """It may be anybody's: the trail is led back to its own."""
    view, _ = case(facts())
    ((arn, trail),) = view.account.all("trail")
    ((name, _role),) = view.account.all("role")
    own = {**trail, "CloudWatchLogsRoleArn": "arn:aws:iam::1:role/own"}
    applied = Account(ACCOUNT, REGION, {Ref("trail", arn): own})
    view.account.change("role", name, Inline={})
    assert "PutRolePolicy" in _operations(view)
    meant = replace(view.after(view.account), intent=Intent(applied, {}, {Ref("trail", arn): "ring"}))
    assert "UpdateTrail" in _operations(meant)
    assert "PutRolePolicy" not in _operations(meant)


PERSON = Ref("subscription", f"{TOPIC.id}|email|ops@example.com")


def test_who_does_not_listen_is_said_once_at_the_first_hop() -> None:
    """Whatever he would be told of: each alarm's message comes past him."""
    hops = [Hop("topic"), Hop("self-watch")]
    for hop in (*hops, hops[1]):
        hop.broken("not-subscribed", "He is not subscribed.", ref=PERSON)
    _once(hops[1:])
    assert [len(each.findings) for each in hops] == [1, 1]
    _once(hops)
    assert [len(each.findings) for each in hops] == [1, 0]


@pytest.mark.parametrize(("others", "form"), [(0, "EventSelectors"), (1, "AdvancedEventSelectors")])
def test_selectors_go_back_to_the_basic_form_unless_data_events_need_the_other(
    others: int, form: str
) -> None:
    """Terraform's provider cannot go from the advanced form to the basic one."""
    view, _ = case(facts())
    ((arn, _trail),) = view.account.all("trail")
    fields = (
        {"eventCategory": ["Management"]},
        {"eventCategory": ["Data"], "resources.type": ["AWS::S3::Object"]},
    )
    writes, data = (
        {"FieldSelectors": [{"Field": name, "Equals": values} for name, values in each.items()]}
        for each in ({**fields[0], "readOnly": ["false"]}, fields[1])
    )
    view.account.change("trail", arn, EventSelectors=[], AdvancedEventSelectors=[writes, *[data][:others]])
    (put,) = [step for hop in configured(view) for each in hop.findings for step in each.steps]
    assert isinstance(put, Call)
    assert (put.operation, set(put.params)) == ("PutEventSelectors", {"TrailName", form})
    assert (data in put.params[form]) is bool(others)


def test_no_filter_is_put_where_aws_takes_none() -> None:
    """A log group that was made anew with the cheaper class."""
    view, _ = case(facts())
    (group,) = {each["logGroupName"] for _, each in view.account.all("filter")}
    wanted = dict(view.account.things)
    for id, _filter in list(view.account.all("filter")):
        view.account.put("filter", id, None)
    purposes = dict.fromkeys(wanted, "ring")
    meant = replace(view.after(view.account), intent=Intent(Account(ACCOUNT, REGION, wanted), {}, purposes))
    assert "PutMetricFilter" in _operations(meant)
    meant.account.change("log group", group, logGroupClass="INFREQUENT_ACCESS")
    hops = configured(meant)
    plan = proved(meant, hops, configured)
    assert [each for each in plan if isinstance(each, Call) and each.operation == "PutMetricFilter"] == []
    said = " ".join(step.command() for hop in hops for each in hop.findings for step in each.steps)
    assert "Metric filters need the class STANDARD" in said
    assert said.count("Metric filters need") == 1


def _operations(view: View) -> set[str]:
    found = [step for hop in configured(view) for each in hop.findings for step in each.steps]
    return {step.operation for step in found if isinstance(step, Call)}


ROLES_OWN = f"arn:aws:iam::{ACCOUNT}:role/details"
GUARD = {
    "Sid": "Guard",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sns:Publish",
    "Resource": TOPIC.id,
    "Condition": {"ArnNotLike": {"aws:SourceArn": f"arn:aws:cloudwatch:*:{ACCOUNT}:alarm:prod-*"}},
}


@pytest.mark.parametrize("is_guard", [True, False], ids=["a guard on others", "a denial of the role"])
@pytest.mark.parametrize("kind", ["topic", "secret"])
def test_a_role_that_the_others_policy_keeps_out_is_let_in_again(kind: str, is_guard: bool) -> None:
    """What its own policies allow is not enough; a guard goes on for others."""
    ref, action = (TOPIC, "sns:Publish") if kind == "topic" else (SECRET, "secretsmanager:GetSecretValue")
    condition: dict[str, Any] = {"Condition": GUARD["Condition"]} if is_guard else {}
    who = "*" if is_guard else {"AWS": ROLES_OWN}
    denial = {**GUARD, "Action": action, "Resource": ref.id, "Principal": who}
    del denial["Condition"]
    denial |= condition
    allowing = {**policy_of("Allow", action, ref.id)}
    role = TRUST | {"Arn": ROLES_OWN, "Inline": {"own": json.dumps(allowing)}}
    owner = {"Sid": "Owner", "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sns:Publish"}
    own = [{**owner, "Resource": ref.id}] if kind == "topic" else []
    there = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [*own, denial]})}
    name = Ref("role", "details")
    intent = Intent(Account(ACCOUNT, REGION, {name: role, ref: {}}), {}, {name: "details", ref: "details"})
    subject = Subject(region=REGION, account_id=ACCOUNT)
    view = View(subject, Account(ACCOUNT, REGION, {name: role, ref: there}), intent, datetime.now(UTC))
    hop = Hop("details")
    runs_as(hop, view, "details", "details")
    assert [(each.cause, each.ref) for each in hop.findings] == [("details-kept-out", ref)]
    (step,) = hop.findings[0].steps
    assert isinstance(step, Call)
    later = view.after(after(view.account, [step]))
    again = Hop("details")
    runs_as(again, later, "details", "details")
    assert again.findings == []
    left = json.loads((later.account.things[ref] or {}).get("Policy") or '{"Statement":[]}')["Statement"]
    assert left[: len(own)] == own
    if is_guard:
        (spared,) = left[len(own) :]
        assert spared["Condition"]["ArnNotLike"]["aws:PrincipalArn"] == [ROLES_OWN]
        assert spared["Condition"]["ArnNotLike"]["aws:SourceArn"]
    else:
        assert left == own


def policy_of(effect: str, action: str, resource: str) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize("is_stated", [True, False])
def test_where_the_state_has_it_as_it_is_nobody_is_said_to_have_changed_it(is_stated: bool) -> None:
    """As where a secret was made again, whose ARN the configuration looks up."""
    ref = Ref("queue", f"arn:aws:sqs:{REGION}:{ACCOUNT}:lost")
    live = {"QueueUrl": "https://q", "MaximumMessageSize": "1024"}
    view = view_of(ref, live | {"MaximumMessageSize": "262144"}, live)
    assert view.intent
    stated = live if is_stated else live | {"MaximumMessageSize": "262144"}
    view.intent.stated = Account(ACCOUNT, REGION, {ref: stated})
    said = " ".join(each.sentence for hop in configured(view) for each in hop.findings if each.ref == ref)
    assert ("was changed since it was applied" in said) is not is_stated
    assert ("is not as the configuration makes it today" in said) is is_stated
    assert ("and should be" in said) is is_stated


def test_a_secrets_policy_that_may_not_be_looked_at_is_said() -> None:
    allowing = json.dumps(policy_of("Allow", "secretsmanager:GetSecretValue", SECRET.id))
    role = TRUST | {"Arn": ROLES_OWN, "Inline": {"own": allowing}}
    name = Ref("role", "details")
    intent = Intent(Account(ACCOUNT, REGION, {name: role, SECRET: {}}), {}, {name: "heartbeat"})
    account = Account(ACCOUNT, REGION, {name: role, SECRET: {"ARN": SECRET.id}})
    action = "secretsmanager:GetResourcePolicy"
    denied = Asked(action, SECRET.id, datetime.now(UTC), problem="denied")
    account.unknown[Ref("secret policy", SECRET.id)] = denied
    hop = Hop("heartbeat")
    runs_as(hop, View(Subject(region=REGION), account, intent, datetime.now(UTC)), "details", "heartbeat")
    assert [each.verdict for each in hop.findings] == ["cannot tell"]
    assert action in hop.findings[0].sentence
