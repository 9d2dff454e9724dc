"""Permissions that lack are named before anything is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from labs import ACCOUNT, Session, cloud_of, denied

from secretwatch.verify.permissions import Answer, check
from secretwatch.verify.table import EXPERIMENTS

WANTED = ("logs:PutLogEvents", "sns:CreateTopic", "sqs:CreateQueue")
ROLE = {"Role": {"Arn": f"arn:aws:iam::{ACCOUNT}:role/path/admin"}}


def simulated(allowed: Iterable[str], named: Iterable[str] = ()) -> Any:
    """IAM's answer: some actions are allowed for anything, some for names that begin as the runs' do."""

    def answer(ActionNames: list[str], ResourceArns: tuple[str, ...] = (), **_: Any) -> Any:
        def result(action: str) -> dict[str, Any]:
            service = action.partition(":")[0]
            specific = [
                {"EvalResourceName": arn, "EvalResourceDecision": "allowed"}
                for arn in ResourceArns
                if action in named and arn.split(":")[2] == service
            ]
            decision = "allowed" if action in allowed else "implicitDeny"
            return {"EvalActionName": action, "EvalDecision": decision, "ResourceSpecificResults": specific}

        return {"EvaluationResults": [result(action) for action in ActionNames]}

    return answer


def test_root_may_do_all() -> None:
    session = Session()
    assert check(cloud_of(session, "root"), WANTED) == Answer()
    assert session.calls == []


def test_a_user_lacks_what_iam_says() -> None:
    session = Session(iam__simulate_principal_policy=simulated(["sns:CreateTopic"]))
    answer = check(cloud_of(session), WANTED)
    assert answer == Answer(missing=("logs:PutLogEvents", "sqs:CreateQueue"))
    asked = session.named("iam.simulate_principal_policy")
    assert {each["PolicySourceArn"] for each in asked} == {f"arn:aws:iam::{ACCOUNT}:user/jane"}


def test_a_policy_for_names_that_begin_so_is_enough() -> None:
    session = Session(
        iam__simulate_principal_policy=simulated(
            ["sns:CreateTopic"], ["logs:PutLogEvents", "sqs:CreateQueue"]
        )
    )
    assert check(cloud_of(session), WANTED) == Answer()


@pytest.mark.parametrize(
    ("answer", "principal"), [(ROLE, "role/path/admin"), (denied("GetRole"), "role/admin")]
)
def test_of_a_session_its_role_is_asked(answer: Any, principal: str) -> None:
    session = Session(iam__get_role=answer, iam__simulate_principal_policy=simulated(WANTED))
    cloud = cloud_of(session, "assumed-role/admin/jane")
    cloud.caller = cloud.caller.replace(":iam:", ":sts:")
    assert check(cloud, WANTED) == Answer()
    (asked,) = session.named("iam.simulate_principal_policy")
    assert asked["PolicySourceArn"] == f"arn:aws:iam::{ACCOUNT}:{principal}"


@pytest.mark.parametrize(
    "refusal",
    [denied("SimulatePrincipalPolicy"), ClientError({"Error": {"Code": "NoSuchEntity"}}, "Simulate")],
)
def test_who_may_not_ask_is_checked_by_listing(refusal: ClientError) -> None:
    session = Session(iam__simulate_principal_policy=refusal, sqs__list_queues=denied("ListQueues"))
    answer = check(cloud_of(session), [*WANTED, "sqs:ListQueues", "sns:ListTopics"])
    assert answer == Answer(missing=("sqs:ListQueues",), unknown=WANTED)
    made = {name for name, _ in session.calls if name.split(".")[1].startswith(("create", "put", "delete"))}
    assert made == set()


def test_all_are_asked_for_in_parts() -> None:
    actions = sorted({action for each in EXPERIMENTS for action in each.actions})
    session = Session(iam__simulate_principal_policy=simulated(actions))
    assert check(cloud_of(session), actions) == Answer()
    asked = [each["ActionNames"] for each in session.named("iam.simulate_principal_policy")]
    assert len(asked) > 1
    assert [action for batch in asked for action in batch] == actions
