"""Every example: applied, planned again without a change, what it says checked, destroyed without a trace.

Those that consist of the module alone are applied by a role that may do what `secretwatch policy` prints, and
nothing else.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from accounts import new_account_id
from around_examples import BEFORE, EXAMPLES, WITNESS, left
from clients import REGION
from deployment import wait_for
from doctor_faults import chosen, faults
from endpoints import Endpoint
from roles import NOT_SEEN, Role, printed, refused, sids, without
from ways_out import every_way_leads_to_somebody

from secretwatch import local
from secretwatch.alarm import config_of, metric_of
from secretwatch.cloudtrail import is_read_only
from secretwatch.pipeline.applied import watches_of
from secretwatch.pipeline.doctor.examine import Doctor
from secretwatch.pipeline.doctor.intent import Intent
from secretwatch.pipeline.doctor.kinds import after
from secretwatch.pipeline.doctor.mend import proved
from secretwatch.pipeline.doctor.subject import Subject
from secretwatch.pipeline.doctor.walk import configured
from secretwatch.pipeline.messages import first_object
from secretwatch.terraform import TerraformFailed

REPO = Path(__file__).parents[2]


@pytest.fixture
def account(aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """An account of its own, so that what is left in it is the example's: the local cloud takes a key of
    12 digits as the account's id."""
    account_id = new_account_id()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", account_id)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers the credentials that it was made with
    return account_id


# The secret that an example creates, for the policy of whoever applies it. The others have resources beside
# the module's.
BY_A_ROLE: dict[str, tuple[str, ...]] = {
    "quickstart": ("--secret", "TopSecretInfo"),
    "realtime": ("--secret", "TopSecretInfo"),
    "severities": (),
}

# What no module does: a test below, or an example beside the module.
BESIDE = {
    "decoys": {
        "secretsmanager.ReplicateSecretToRegions",
        *("stepfunctions.CreateStateMachine", "stepfunctions.DeleteStateMachine"),
    },
    "every-way": {
        *("chatbot.CreateSlackChannelConfiguration", "chatbot.DeleteSlackChannelConfiguration"),
        *("iam.CreatePolicy", "iam.DeletePolicy", "sns.ConfirmSubscription"),
        *("stepfunctions.CreateStateMachine", "stepfunctions.DeleteStateMachine"),
    },
    "existing-trail": {"cloudtrail.StopLogging"},
    "witness": {
        *("events.CreateEventBus", "events.DeleteEventBus", "events.PutPermission"),
        *("events.RemovePermission", "cloudtrail.StopLogging"),
        # Of the heartbeat, which no other example has.
        *("stepfunctions.CreateStateMachine", "stepfunctions.DeleteStateMachine"),
    },
}

# By nobody's apply: the heartbeat's schedule comes due, or details of the example before are told late.
BY_ITSELF = {"sns.Publish", "stepfunctions.StartExecution"}


LATER = (
    "decoys",
    "every-way",
    "existing-trail",
    "many-secrets",
    "organization",
    "realtime",
    "severities",
    "witness",
)


@pytest.fixture
def pager(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint | None]:
    """An endpoint for the example that has one."""
    if name != "every-way":
        yield None
        return
    endpoint = Endpoint(tmp_path)
    monkeypatch.setenv("TF_VAR_pager_url", f"{endpoint.url}/integration/hunter2")
    yield endpoint
    endpoint.close()


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=[pytest.mark.later] if each in LATER else []) for each in EXAMPLES],
)
def test_example(
    name: str,
    terraform: Any,
    local_cloud: Any,
    account: str,
    monkeypatch: pytest.MonkeyPatch,
    pager: Endpoint | None,
) -> None:
    for variable, value in BEFORE.get(name, dict)().items():
        monkeypatch.setenv(f"TF_VAR_{variable}", value)
    role, identity = None, contextlib.nullcontext
    if name in BY_A_ROLE:
        role = Role(account, "applier")
        place = ("--account", account, "--region", REGION)
        role.may("all", printed("apply", "--name", name, *place, *BY_A_ROLE[name]))
        identity = role.environment
    deployer = None
    if name in ("decoys", "every-way"):
        deployer = Role(account, "deployer")
        every = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        deployer.may("all", {"Version": "2012-10-17", "Statement": [every]})
        identity = deployer.environment
    before = left()
    log = local.StateDir(local_cloud.state_dir).log_file
    local_cloud.details()  # The log then has the line of each call up to now.
    start = log.stat().st_size
    example = terraform.example(name)
    with identity():
        terraform.run(example, "apply", "-auto-approve")
    try:
        with identity():
            said = terraform.run(example, "plan", "-detailed-exitcode")  # any change would be a failure
        assert "Warning" not in said
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in terraform.env_of_run().items():
                patch.setenv(variable, value)
            exact = printed("apply", str(example)) if role else {}
        outputs = json.loads(terraform.run(example, "output", "-json"))
        for watch in outputs.get("watches", {"value": {"": outputs["watch"]["value"]}})["value"].values():
            check_facts(watch, account)
            if watch["secret_arn"]:
                assert_value_is_nowhere(example, watch["secret_arn"])
        if pager:
            wait_for("a confirmation", lambda: pager.asked)
            assert len(pager.confirm()) == 1
        the_doctor_finds_what_was_changed(terraform, example, local_cloud)
        if pager:
            every_way_leads_to_somebody(local_cloud, example, account, pager)
        elif deployer:
            every_touch_of_a_decoy_is_told_of(local_cloud, deployer, example)
        if name == "existing-trail":
            an_adopted_trail_works_and_a_plan_says_when_it_would_not(terraform, example, account, monkeypatch)
        if name == "witness":
            the_witness_is_told(local_cloud)
    finally:
        with identity():
            terraform.run(example, "destroy", "-auto-approve")
    local_cloud.details()
    with open(log, "rb") as lines:
        lines.seek(start)
        made = calls_in(line.decode(errors="replace") for line in lines)
    assert left() == before
    # What the tests look at stands in the log as well: what only reads is not compared.
    unknown = {
        f"{service}.{operation}"
        for service, operations in made.items()
        for operation in operations - known_calls().get(service, set())
        if not is_read_only(f"{service}.amazonaws.com", operation)
    }
    assert unknown - BY_ITSELF == BESIDE.get(name, set()), "run scripts/calls.py"
    if role:
        no_statement_of_the_policy_can_be_left_out(role, exact)


def no_statement_of_the_policy_can_be_left_out(role: Role, exact: dict[str, Any]) -> None:
    """Of the policy for what was applied, by what the role's calls asked for."""
    asked = role.asked()
    assert not refused(exact, asked)
    for sid in set(sids(exact)) - NOT_SEEN:
        assert refused(without(exact, sid), asked), sid


def the_doctor_finds_what_was_changed(terraform: Any, example: Path, cloud: Any) -> None:
    """Whatever the instance is made of: healthy as it was applied; a change is found and its mend mends."""
    cloud.confirm()
    state = json.loads(terraform.run(example, "state", "pull"))
    seed = random.randrange(10**6)
    for watch in watches_of(state, example):
        intent = Intent.of_state(state, watch)
        assert intent
        subject = Subject.of_watch(watch, example)
        view = Doctor(subject, boto3.Session(region_name=watch.region), intent=intent).examine().view
        assert [each for hop in configured(view) for each in hop.findings if each.verdict == "broken"] == []
        # A watch on every call minds no masking of names, and the watch on the watch does.
        masking = [each for each in faults(intent.account) if each.what == "masked"]
        for fault in [*chosen(intent.account, 8, random.Random(seed)), *masking]:
            broken = view.after(fault.on(view.account))
            hops = configured(broken)
            plan = proved(broken, hops, configured)
            found = [each for hop in hops for each in hop.findings if each.verdict == "broken"]
            told = f"seed {seed}: {fault}"
            assert fault.ref in {each.ref for each in found}, (told, found)
            left = [
                each
                for hop in configured(broken.after(after(broken.account, plan)))
                for each in hop.findings
                if each.verdict == "broken"
            ]
            assert left == [], told


def calls_in(lines: Iterable[str]) -> dict[str, set[str]]:
    return cast("dict[str, set[str]]", _calls().calls_in(lines))


def known_calls() -> dict[str, set[str]]:
    return cast("dict[str, set[str]]", _calls().known())


def _calls() -> Any:
    spec = importlib.util.spec_from_file_location("scripts_calls", REPO / "scripts/calls.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_facts(watch: dict[str, Any], account: str) -> None:
    """What the output says is what the account has, and each hop leads to the next."""
    assert watch["account_id"] == account
    cloudwatch = boto3.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[watch["alarm_name"]])["MetricAlarms"]
    assert alarm["AlarmArn"] == watch["alarm_arn"]
    assert sorted(alarm["AlarmActions"]) == watch["topic_arns"]
    metric = metric_of(alarm)
    assert metric
    assert (metric["Namespace"], metric["MetricName"]) == (watch["metric_namespace"], watch["metric_name"])
    config = config_of(alarm)
    if (config.threshold, watch["alarm"]["evaluation_periods"]) == (1, 1):
        assert (config.statistic, config.needed) == ("Maximum", 1)
        assert (config.period, config.period * config.evaluation_periods) == (60, watch["alarm_period"])
    else:
        assert (config.period, config.fill) == (watch["alarm_period"], 0)
    described = boto3.client("logs").describe_metric_filters(
        metricNamespace=watch["metric_namespace"], metricName=watch["metric_name"]
    )["metricFilters"]
    filters = {each["filterName"]: each for each in described}
    assert filters.keys() == set(watch["metric_filter_names"])
    for filter_name, pattern in zip(watch["metric_filter_names"], watch["filter_patterns"], strict=True):
        assert filters[filter_name]["filterPattern"] == pattern
        assert filters[filter_name]["logGroupName"] == watch["log_group_name"]
        (transformation,) = filters[filter_name]["metricTransformations"]
        assert (transformation["metricValue"], transformation["unit"]) == ("1", config.unit)
        assert "defaultValue" not in transformation
    trail = boto3.client("cloudtrail").get_trail(Name=watch["trail_arn"])["Trail"]
    assert trail["CloudWatchLogsLogGroupArn"] == f"{watch['log_group_arn']}:*"
    assert trail["IsMultiRegionTrail"]
    assert boto3.client("cloudtrail").get_trail_status(Name=watch["trail_arn"])["IsLogging"]
    if watch["bucket_name"]:
        assert trail["S3BucketName"] == watch["bucket_name"]
        assert trail["KmsKeyId"] == watch["kms_key_arn"]
        assert trail["LogFileValidationEnabled"]
    if watch["realtime"]:
        for rule in watch["realtime"]["rule_names"]:
            state = boto3.client("events").describe_rule(Name=rule)["State"]
            assert state == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
            targets = boto3.client("events").list_targets_by_rule(Rule=rule)["Targets"]
            assert {target["Arn"] for target in targets} == set(watch["topic_arns"])
    own = [watch["tamper_alarm_name"], watch["blind_alarm_name"]]
    assert len(cloudwatch.describe_alarms(AlarmNames=own)["MetricAlarms"]) == 2


def assert_value_is_nowhere(example: Path, secret_arn: str) -> None:
    """The example's secret has a value on the cloud, and the state does not know it."""
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=secret_arn)["SecretString"]
    assert secret
    assert secret not in (example / "terraform.tfstate").read_text()


def every_touch_of_a_decoy_is_told_of(local_cloud: Any, deployer: Role, example: Path) -> None:
    """But not what Terraform did to them in an apply and a plan."""
    local_cloud.confirm()
    secrets = boto3.client("secretsmanager")
    decoy = "prod/stripe-live"

    def told() -> list[tuple[str, str]]:
        """Call and caller of each message."""
        found = []
        for mail in local_cloud.inbox():
            if '"Watch": "decoys' in mail["body"]:
                message = first_object(mail["body"])
                found.append((message["Call"], message["Reader"]["arn"]))
        return found

    assert deployer.name not in str(told())
    secrets.list_secrets()  # whoever lists all of them looks for none
    before = len(told())
    secrets.describe_secret(SecretId=decoy)
    value = secrets.get_secret_value(SecretId=decoy)["SecretString"]
    assert re.fullmatch("sk_live_[A-Za-z0-9]{32}", value)
    assert value.removeprefix("sk_live_") not in (example / "terraform.tfstate").read_text()
    secrets.batch_get_secret_value(SecretIdList=[decoy])
    secrets.list_secrets(Filters=[{"Key": "name", "Values": [decoy]}])
    secrets.get_resource_policy(SecretId=decoy)
    secrets.delete_resource_policy(SecretId=decoy)
    with Role(deployer.account, "nobody").environment():
        denied = boto3.Session().client("secretsmanager")
        with pytest.raises(denied.exceptions.ClientError, match="AccessDenied"):
            denied.replicate_secret_to_regions(SecretId=decoy, AddReplicaRegions=[{"Region": "eu-west-1"}])
    boto3.client("iam").delete_role(RoleName="nobody")
    made = {
        *("DescribeSecret", "GetSecretValue", "BatchGetSecretValue", "ListSecrets", "GetResourcePolicy"),
        *("DeleteResourcePolicy", "ReplicateSecretToRegions"),
    }
    wait_for("a message of each touch", lambda: {call for call, _ in told()} >= made)
    calls = [call for call, _ in told()[before:]]
    assert sorted(calls) == sorted(made)
    cloudwatch = boto3.client("cloudwatch")

    def rings() -> bool:
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=["decoys-decoys"])["MetricAlarms"]
        return bool(alarm["StateValue"] == "ALARM")

    wait_for("the alarm", rings)


def the_witness_is_told(local_cloud: Any) -> None:
    local_cloud.confirm()
    witness = os.environ[WITNESS].split(":")[4]
    boto3.client("cloudtrail").stop_logging(Name="witnessed")

    def told() -> bool:
        mails = [each for each in local_cloud.inbox() if f":{witness}:" in str(each["topic_arn"])]
        return any('"WITNESSED": "StopLogging"' in each["body"] for each in mails)

    wait_for("the witness's e-mail", told)
    boto3.client("cloudtrail").start_logging(Name="witnessed")


def an_adopted_trail_works_and_a_plan_says_when_it_would_not(
    terraform: Any, example: Path, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The applied example rings; its trail is stopped and narrowed, of which a plan warns."""
    secrets, cloudwatch, cloudtrail = (
        boto3.client(n) for n in ("secretsmanager", "cloudwatch", "cloudtrail")
    )
    secrets.create_secret(Name="payments/card", SecretString="x")
    secrets.get_secret_value(SecretId="payments/card")

    def rings() -> bool:
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=["adopted-secret-read"])["MetricAlarms"]
        return bool(alarm["StateValue"] == "ALARM")

    wait_for("the alarm", rings)

    cloudtrail.stop_logging(Name="somebodys")
    cloudtrail.put_event_selectors(
        TrailName="somebodys",
        EventSelectors=[{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}],
    )
    said = " ".join(terraform.run(example, "plan").split())
    assert "trail somebodys is stopped: it records no events, so no alarm can ring." in said
    assert "trail somebodys records no read events of Secrets Manager, so no read of" in said

    monkeypatch.setenv("TF_VAR_log_group_name", "nobodys")
    with pytest.raises(TerraformFailed) as failed:
        terraform.run(example, "plan")
    assert f"nobodys, but there is no such log group in account {account}" in " ".join(
        failed.value.output.split()
    )
    monkeypatch.setenv("TF_VAR_log_group_name", "somebodys")
    secrets.delete_secret(SecretId="payments/card", ForceDeleteWithoutRecovery=True)
