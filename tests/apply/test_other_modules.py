"""What other people's modules apply beside a trail is taken, and read back as it was written."""

from __future__ import annotations

import zipfile
from typing import Any

ROOT = """
resource "aws_s3_bucket" "this" {
  bucket        = "other-modules"
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
      },
    ]
  })
}

resource "aws_cloudtrail" "this" {
  name           = "other-modules"
  s3_bucket_name = aws_s3_bucket_policy.this.bucket

  insight_selector {
    insight_type = "ApiCallRateInsight"
  }

  insight_selector {
    insight_type = "ApiErrorRateInsight"
  }
}

resource "aws_kms_key" "this" {
  deletion_window_in_days = 7
}

resource "aws_ebs_default_kms_key" "this" {
  key_arn = aws_kms_key.this.arn
}

resource "aws_ebs_encryption_by_default" "this" {
  enabled = true
}

resource "aws_iam_role" "this" {
  name = "other-modules"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_lambda_function" "this" {
  filename      = abspath("${path.module}/function.zip")
  function_name = "other-modules"
  handler       = "main.handler"
  role          = aws_iam_role.this.arn
  runtime       = "python3.12"
}

resource "aws_dynamodb_table" "this" {
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "LockID"
  name         = "other-modules"

  attribute {
    name = "LockID"
    type = "S"
  }
}

resource "aws_config_configuration_recorder" "this" {
  role_arn = aws_iam_role.this.arn
}
"""


def test_a_second_plan_is_empty(terraform: Any, aws: dict[str, str]) -> None:
    root = terraform.new_root("other-modules", ROOT)
    with zipfile.ZipFile(root / "function.zip", "w") as made:
        made.writestr("main.py", "def handler(event, context): pass")
    try:
        terraform.run(root, "apply", "-auto-approve")
        terraform.run(root, "plan", "-detailed-exitcode")  # any change would be a failure
    finally:
        terraform.run(root, "destroy", "-auto-approve")
