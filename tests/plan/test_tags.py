"""The input `tags` reaches every resource that can have them."""

from __future__ import annotations

from .conftest import Plan


def test_everything_that_can_have_tags_has_them(instances: Plan) -> None:
    tagged = {address: values["tags"] for address, values in instances.of("two").items() if "tags" in values}
    assert tagged == {address: {"team": "red"} for address in tagged}
    for kind in ("aws_cloudtrail.", "aws_cloudwatch_metric_alarm.", "aws_kms_key.", "aws_s3_bucket."):
        assert any(kind in address for address in tagged)
