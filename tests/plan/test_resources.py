"""What a plan creates: all of it, once, under the instance's name, with nothing of the secret's value."""

from __future__ import annotations

from collections import Counter
from typing import Any

from deployed_alarms import SINGLE, of_plan, several

from secretwatch.eventpattern import MOST_CHARACTERS, MOST_COMPLEX, EventPattern

from .conftest import ACCOUNT, REGION, VALUE, Plan

QUICKSTART = {
    "aws_cloudtrail": 1,
    "aws_cloudwatch_log_group": 1,
    # Of the watch on itself: which part a rule is on says the map in modules/fast-self-watch/pattern.tf.
    "aws_cloudwatch_event_rule": 10,
    "aws_cloudwatch_event_target": 10,
    # One for the watch, eight for the watch on itself.
    "aws_cloudwatch_log_metric_filter": 9,
    # The watch, and that its alarm does not end; tampering, blindness, undelivered messages of each topic.
    "aws_cloudwatch_metric_alarm": 6,
    "aws_iam_role": 1,
    "aws_iam_role_policy": 1,
    "aws_kms_alias": 3,
    "aws_kms_key": 4,
    "aws_s3_bucket": 1,
    "aws_s3_bucket_ownership_controls": 1,
    "aws_s3_bucket_policy": 1,
    "aws_s3_bucket_public_access_block": 1,
    "aws_s3_bucket_server_side_encryption_configuration": 1,
    "aws_s3_bucket_versioning": 1,
    "aws_secretsmanager_secret": 1,
    "aws_secretsmanager_secret_policy": 1,
    "aws_secretsmanager_secret_version": 1,
    "aws_sns_topic": 2,
    "aws_sns_topic_policy": 2,
    "aws_sns_topic_subscription": 2,
    "terraform_data": 1,
}


def types(resources: dict[str, Any]) -> Counter[str]:
    """How many there are of each type."""
    return Counter(values["type"] for values in resources.values())


def test_the_quickstart_creates_this_and_no_more(quickstart: Plan) -> None:
    assert types(quickstart.resources) == QUICKSTART


def test_the_quickstart_leaves_nothing_behind(quickstart: Plan) -> None:
    made = quickstart.of("secretwatch")
    assert made["module.secret[0].aws_secretsmanager_secret.this"]["recovery_window_in_days"] == 0
    assert made["module.trail[0].aws_s3_bucket.this[0]"]["force_destroy"] is True
    assert made["module.trail[0].aws_kms_key.this[0]"]["deletion_window_in_days"] == 7


def test_by_default_nothing_precious_is_deleted_with_the_instance(instances: Plan) -> None:
    made = instances.of("one")
    assert made["module.secret[0].aws_secretsmanager_secret.this"]["recovery_window_in_days"] == 30
    assert made["module.trail[0].aws_s3_bucket.this[0]"]["force_destroy"] is False
    keys = [values for values in made.values() if values["type"] == "aws_kms_key"]
    assert [key["deletion_window_in_days"] for key in keys] == [30, 30, 30, 30]


def test_two_instances_share_no_name(instances: Plan) -> None:
    def names(module: str) -> set[tuple[str, str]]:
        return {
            (values["type"], values[field])
            for values in instances.of(module).values()
            for field in ("name", "bucket", "alarm_name")
            # A role's policy is named within the role.
            if values.get(field) and values["type"] != "aws_iam_role_policy"
        }

    assert len(names("one")) >= 8
    assert not names("one") & names("two")


def test_names_carry_the_instance_and_where_they_must_be_unique_more(instances: Plan) -> None:
    watch = instances.outputs["two"]
    known = {
        "alarm_name": "two-secret-read",
        "bucket_name": f"two-{ACCOUNT}-{REGION}",
        "log_group_name": "/aws/cloudtrail/two",
        "metric_filter_name": "two-secret-reads-000-1",
        "metric_name": "two-secret-reads",
        "metric_namespace": "secretwatch/two",
        "name": "two",
        "trail_name": "two",
    }
    assert {name: watch[name] for name in known} == known
    assert instances.of("two")["module.trail[0].aws_iam_role.this"]["name"] == f"two-trail-{REGION}"


def test_the_longest_name_is_within_the_limits_of_every_service(instances: Plan) -> None:
    made = instances.of("long")
    # Regions have up to 14 letters (ap-northeast-1).
    room = 14 - len(REGION)
    assert len(made["module.trail[0].aws_s3_bucket.this[0]"]["bucket"]) + room <= 63
    assert len(made["module.trail[0].aws_iam_role.this"]["name"]) + room <= 64


def test_the_trail_records_reads_of_every_region_and_can_be_verified(instances: Plan) -> None:
    trail = instances.of("one")["module.trail[0].aws_cloudtrail.this"]
    assert trail["is_multi_region_trail"] is True
    assert trail["include_global_service_events"] is True
    assert trail["enable_log_file_validation"] is True
    assert trail["enable_logging"] is True
    [selector] = trail["event_selector"]
    assert (selector["read_write_type"], selector["include_management_events"]) == ("All", True)
    assert not selector["exclude_management_event_sources"]
    [selector] = instances.of("two")["module.trail[0].aws_cloudtrail.this"]["event_selector"]
    assert selector["exclude_management_event_sources"] == ["rdsdata.amazonaws.com"]


def test_the_trail_waits_for_everything_that_cloudtrail_checks(quickstart: Plan) -> None:
    modules = quickstart.raw.configuration["root_module"]["module_calls"]["secretwatch"]["module"][
        "module_calls"
    ]
    resources = {
        f"{resource['type']}.{resource['name']}": resource
        for resource in modules["trail"]["module"]["resources"]
    }
    assert set(resources["aws_cloudtrail.this"]["depends_on"]) == {
        "aws_iam_role_policy.this",
        "aws_s3_bucket_lifecycle_configuration.this",
        "aws_s3_bucket_ownership_controls.this",
        "aws_s3_bucket_policy.this",
        "aws_s3_bucket_public_access_block.this",
        "aws_s3_bucket_server_side_encryption_configuration.this",
        "aws_s3_bucket_versioning.this",
        "aws_sns_topic_policy.notifications",
        "var.after",
    }
    log_group = resources["aws_cloudtrail.this"]["expressions"]["cloud_watch_logs_group_arn"]["references"]
    assert "aws_cloudwatch_log_group.this.arn" in log_group
    # Nothing is recorded before all else is made, an alarm is never made before its topic's policy.
    assert modules["trail"]["expressions"]["after"]["references"] == ["local.before_the_trail"]
    assert modules["alerts"]["module"]["outputs"]["topic_arns"]["depends_on"] == [
        "aws_sns_topic.this",
        "aws_sns_topic_policy.this",
    ]


def test_the_bucket_is_private_versioned_and_cleaned_up(instances: Plan) -> None:
    made = instances.of("one")
    block = made["module.trail[0].aws_s3_bucket_public_access_block.this[0]"]
    switches = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    assert [block[switch] for switch in switches] == [True, True, True, True]
    [ownership] = made["module.trail[0].aws_s3_bucket_ownership_controls.this[0]"]["rule"]
    assert ownership["object_ownership"] == "BucketOwnerEnforced"
    [versioning] = made["module.trail[0].aws_s3_bucket_versioning.this[0]"]["versioning_configuration"]
    assert versioning["status"] == "Enabled"
    [encryption] = made["module.trail[0].aws_s3_bucket_server_side_encryption_configuration.this[0]"]["rule"]
    assert encryption["apply_server_side_encryption_by_default"][0]["sse_algorithm"] == "aws:kms"
    [rule] = made["module.trail[0].aws_s3_bucket_lifecycle_configuration.this[0]"]["rule"]
    assert rule["status"] == "Enabled"
    assert rule["expiration"][0]["days"] == 365
    assert rule["noncurrent_version_expiration"][0]["noncurrent_days"] == 30
    assert rule["abort_incomplete_multipart_upload"][0]["days_after_initiation"] == 7


def test_filters_count_one_for_what_they_match_and_no_zeros(instances: Plan) -> None:
    counters = [
        values
        for values in instances.of("one").values()
        if values["type"] == "aws_cloudwatch_log_metric_filter"
    ]
    assert {each["name"].rpartition("-tampering")[0] for each in counters} == {"", "one"}
    for counter in counters:
        [transformation] = counter["metric_transformation"]
        assert (transformation["value"], transformation["unit"]) == ("1", "Count")
        assert not transformation.get("default_value")
        assert not transformation.get("dimensions")
        assert counter["log_group_name"] == "/aws/cloudtrail/one"


# How alarms are deployed: what they do then is proved in tests/unit/alarm/test_deployed.py.


def test_an_alarm_on_a_single_read_looks_at_each_minute_of_its_period(instances: Plan) -> None:
    planned = instances.of("one")
    metric = {"MetricName": "one-secret-reads", "Namespace": "secretwatch/one"}
    assert of_plan(planned['module.watch["secret-read"].aws_cloudwatch_metric_alarm.this']) == {
        **SINGLE,
        **metric,
    }
    tampering = {"MetricName": "one-tampering", "Namespace": "secretwatch/one"}
    assert of_plan(planned["module.self_watch.aws_cloudwatch_metric_alarm.tampering[0]"]) == {
        **SINGLE,
        **tampering,
    }


def test_an_alarm_on_several_reads_or_periods_counts_them_and_fills_the_others(instances: Plan) -> None:
    metric = {"MetricName": "two-secret-reads", "Namespace": "secretwatch/two"}
    assert of_plan(
        instances.of("two")['module.watch["secret-read"].aws_cloudwatch_metric_alarm.this']
    ) == several(
        metric,
        stat="SampleCount",
        period=60,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        Threshold=5.0,
        TreatMissingData="missing",
    )


def test_an_alarm_tells_of_one_that_does_not_end(instances: Plan) -> None:
    planned = instances.of("one")
    stuck = planned['module.watch["secret-read"].aws_cloudwatch_metric_alarm.stuck[0]']
    assert of_plan(stuck) == {
        **SINGLE,
        "MetricName": "one-secret-reads",
        "Namespace": "secretwatch/one",
        "Period": 300,
        "EvaluationPeriods": 12,
        "DatapointsToAlarm": 8,
    }
    assert stuck["alarm_name"] == "one-secret-read-stuck"
    assert instances.outputs["one"]["stuck_alarm_name"] == "one-secret-read-stuck"


def test_the_alarm_says_what_happened_where_to_look_and_how_to_find_out_who(instances: Plan) -> None:
    description = instances.of("two")['module.watch["secret-read"].aws_cloudwatch_metric_alarm.this'][
        "alarm_description"
    ]
    for fact in ("api-key, db, rds!cluster-1", "/aws/cloudtrail/two", REGION, "Logs Insights"):
        assert fact in description
    assert instances.outputs["two"]["logs_insights_query"] in description


def test_the_query_names_the_reader_and_all_watched_secrets(instances: Plan) -> None:
    lines = instances.outputs["one"]["logs_insights_query"].splitlines()
    for field in ("userIdentity.arn", "sourceIPAddress", "errorCode", "@timestamp"):
        assert field in lines[0]
    assert r"requestParameters.secretId like /team\/db\.main\+a/" in lines[2]


def test_every_pattern_and_description_is_within_its_limits(instances: Plan, quickstart: Plan) -> None:
    resources = list((instances.resources | quickstart.resources).values())
    for values in resources:
        # Where a plan does not know an ARN yet, nothing is said.
        assert len(values.get("pattern") or "") <= 1024
        if values.get("event_pattern"):
            assert len(values["event_pattern"]) <= MOST_CHARACTERS
            assert EventPattern.parse(values["event_pattern"]).complexity <= MOST_COMPLEX
        assert len(values.get("alarm_description") or "") <= 1024
        if values["type"] == "aws_cloudwatch_event_rule":
            assert len(values["name"]) <= 64


def test_a_log_group_is_not_asked_for_more_than_it_takes(instances: Plan) -> None:
    for module in ("one", "two", "long", "many", "watches"):
        assert types(instances.of(module))["aws_cloudwatch_log_metric_filter"] <= 100


def test_every_address_is_subscribed_by_itself(instances: Plan) -> None:
    subscriptions = {
        values["endpoint"]: values["protocol"]
        for values in instances.of("one").values()
        if values["type"] == "aws_sns_topic_subscription"
    }
    assert subscriptions == {"ops@example.com": "email", "sec@example.com": "email"}


def test_every_key_rotates(instances: Plan) -> None:
    keys = [values for values in instances.of("one").values() if values["type"] == "aws_kms_key"]
    assert [key["enable_key_rotation"] for key in keys] == [True, True, True, True]


def test_a_given_key_is_the_secrets_only_key(instances: Plan) -> None:
    made = types(instances.of("two"))
    assert made["aws_kms_key"] == 3
    assert made["aws_secretsmanager_secret"] == 1


def test_the_value_is_in_no_plan(instances: Plan, quickstart: Plan) -> None:
    for plan in (instances, quickstart):
        assert VALUE not in str(plan.raw)
    version = instances.of("one")["module.secret[0].aws_secretsmanager_secret_version.this[0]"]
    assert version["secret_string_wo_version"] == 7


def test_the_output_is_what_smoke_takes(quickstart: Plan) -> None:
    watch = quickstart.outputs["watch"]
    known = {
        "account_id": ACCOUNT,
        "alarm_console_url": f"https://{REGION}.console.aws.amazon.com/cloudwatch/home?region={REGION}"
        "#alarmsV2:alarm/quickstart-secret-read",
        "alarm_period": 300,
        "region": REGION,
        "secret_name": "TopSecretInfo",
        "secrets": ["TopSecretInfo"],
    }
    assert {name: watch[name] for name in known} == known
    promised = {
        *("name", "region", "account_id", "secrets", "secret_arn", "secret_name", "trail_arn", "trail_name"),
        *("bucket_name", "kms_key_arn", "log_group_name", "log_group_arn", "metric_namespace", "metric_name"),
        *("metric_filter_name", "filter_pattern", "alarm_name", "alarm_arn", "alarm_period", "topic_arn"),
        *("alarm_console_url", "logs_insights_query", "watch", "metric_filter_names", "filter_patterns"),
        *(
            "topic_arns",
            "realtime",
            "alarm",
            "notifications_topic_arn",
            "organization",
            "stuck_alarm_name",
            "tamper_alarm_name",
            "blind_alarm_name",
            "details",
            "fast_self_watch",
            "heartbeat",
        ),
    }
    later = quickstart.raw.output_changes["watch"]["after_unknown"]
    assert set(watch) | set(later) == promised
