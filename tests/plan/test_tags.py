"""The input `tags` reaches every resource that can have them; all services take what it lets through."""

from __future__ import annotations

from secretwatch.tags import TAG_RULES, refusal

from .conftest import Plan

# The resources' types, by the service whose rules they are.
SERVICES = {
    "aws_cloudtrail": "cloudtrail",
    "aws_cloudwatch_event_rule": "events",
    "aws_cloudwatch_log_group": "logs",
    "aws_cloudwatch_metric_alarm": "cloudwatch",
    "aws_iam_role": "iam",
    "aws_kms_key": "kms",
    "aws_s3_bucket": "s3",
    "aws_secretsmanager_secret": "secretsmanager",
    "aws_sns_topic": "sns",
    "aws_sqs_queue": "sqs",
}


def test_everything_that_can_have_tags_has_them(instances: Plan) -> None:
    tagged = {address: values["tags"] for address, values in instances.of("two").items() if "tags" in values}
    assert tagged == {address: {"team": "red"} for address in tagged}
    for kind in ("aws_cloudtrail.", "aws_cloudwatch_metric_alarm.", "aws_kms_key.", "aws_s3_bucket."):
        assert any(kind in address for address in tagged)


def test_each_service_whose_resources_have_tags_has_rules(instances: Plan) -> None:
    kinds = {
        address.rpartition("module.")[2].split(".")[-2]
        for name in ("one", "two")
        for address, values in instances.of(name).items()
        if "tags" in values
    }
    assert kinds <= SERVICES.keys()
    assert set(SERVICES.values()) == TAG_RULES.keys()


def test_what_the_module_takes_all_services_take() -> None:
    """The largest tags that its validation lets through (tests/hcl/test_hcl.py has what it refuses)."""
    tags = [
        (f"{number:02}ä 漢_.:/=+@-".ljust(128, "k"), "é _.:/=+@-".ljust(256, "v")) for number in range(50)
    ]
    for service in TAG_RULES:
        assert refusal(service, tags) is None
