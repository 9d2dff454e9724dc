"""`aws_cloudtrail` lives its whole life on the local cloud: created, changed, imported, destroyed."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

ROOT = """
variable "changed" {
  type = bool
}

data "aws_caller_identity" "this" {}

resource "aws_s3_bucket" "this" {
  bucket        = "lifecycle-of-a-trail"
  force_destroy = true
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = aws_s3_bucket.this.arn
      },
      {
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.this.arn}/*"
        Condition = { StringEquals = { "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
    ]
  })
}

resource "aws_cloudtrail" "this" {
  enable_log_file_validation    = var.changed
  enable_logging                = !var.changed
  include_global_service_events = !var.changed
  name                          = "lifecycle"
  s3_bucket_name                = aws_s3_bucket_policy.this.bucket
  s3_key_prefix                 = var.changed ? "evidence" : null
  tags                          = var.changed ? { stage = "second" } : { stage = "first", once = "only" }

  dynamic "event_selector" {
    for_each = var.changed ? [] : ["basic"]

    content {
      include_management_events = true
      read_write_type           = "WriteOnly"

      data_resource {
        type   = "AWS::S3::Object"
        values = ["${aws_s3_bucket.this.arn}/"]
      }
    }
  }

  dynamic "advanced_event_selector" {
    for_each = var.changed ? ["advanced"] : []

    content {
      name = "reads"

      field_selector {
        equals = ["Management"]
        field  = "eventCategory"
      }

      field_selector {
        equals = ["true"]
        field  = "readOnly"
      }
    }
  }
}
"""


def test_a_trail_is_created_changed_imported_and_destroyed(
    terraform: Any, aws: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudtrail = boto3.client("cloudtrail")
    root = terraform.new_root("trail-lifecycle", ROOT)
    for changed in ("false", "true"):
        monkeypatch.setenv("TF_VAR_changed", changed)
        terraform.run(root, "apply", "-auto-approve")
        terraform.run(root, "plan", "-detailed-exitcode")  # any change would be a failure
    trail = cloudtrail.get_trail(Name="lifecycle")["Trail"]
    assert trail["S3KeyPrefix"] == "evidence"
    assert trail["LogFileValidationEnabled"]
    assert cloudtrail.get_trail_status(Name="lifecycle")["IsLogging"] is False
    assert "AdvancedEventSelectors" in cloudtrail.get_event_selectors(TrailName="lifecycle")

    terraform.run(root, "state", "rm", "aws_cloudtrail.this")
    terraform.run(root, "import", "aws_cloudtrail.this", trail["TrailARN"])
    terraform.run(root, "plan", "-detailed-exitcode")

    terraform.run(root, "destroy", "-auto-approve")
    assert cloudtrail.describe_trails(trailNameList=["lifecycle"])["trailList"] == []
