# The record of who did what: a multi-region trail, the bucket that keeps its files, the log group
# that the watch reads, the key of both, and the role that carries events into the log group.

locals {
  bucket_name    = "${var.name}-${var.account.id}-${var.account.region}"
  log_group_name = "/aws/cloudtrail/${var.name}"

  # Made from names: policies that referred to the resources would be part of a cycle, and unknown in a plan.
  bucket_arn    = "arn:${var.account.partition}:s3:::${local.bucket_name}"
  log_group_arn = "arn:${var.account.partition}:logs:${var.account.region}:${var.account.id}:log-group:${local.log_group_name}"
  trail_arn     = "arn:${var.account.partition}:cloudtrail:${var.account.region}:${var.account.id}:trail/${var.name}"
}

resource "aws_cloudtrail" "this" {
  # checkov:skip=CKV_AWS_252:A notification for each log file says only that a file arrived; alarms have their own topic
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.this.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.this.arn
  enable_log_file_validation    = true
  include_global_service_events = true
  is_multi_region_trail         = true
  kms_key_id                    = aws_kms_key.this.arn
  name                          = var.name
  s3_bucket_name                = aws_s3_bucket.this.bucket
  tags                          = var.tags

  # Reading a secret is a read event: a trail of write events never sees it.
  event_selector {
    include_management_events = true
    read_write_type           = "All"
  }

  # CloudTrail checks all of these when the trail is created, and refuses what is not attached yet.
  # And Terraform reads back the secret's value that it writes: recorded, that would be the first alarm.
  depends_on = [
    var.after,
    aws_iam_role_policy.this,
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_policy.this,
    aws_s3_bucket_public_access_block.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}

################################################################################
# Bucket
################################################################################

resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_18:Access to the log files is recorded best by data events of another trail; access logs of a log bucket need one more bucket
  # checkov:skip=CKV_AWS_144:Replication doubles the cost of what the log group holds too
  # checkov:skip=CKV2_AWS_62:Nothing consumes notifications of this bucket
  bucket        = local.bucket_name
  force_destroy = var.bucket_force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "this" {
  block_public_acls       = true
  block_public_policy     = true
  bucket                  = aws_s3_bucket.this.id
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      kms_master_key_id = aws_kms_key.this.arn
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count = var.bucket_expiration_in_days == 0 ? 0 : 1

  bucket = aws_s3_bucket.this.id

  rule {
    id     = "expire"
    status = "Enabled"

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    expiration {
      days = var.bucket_expiration_in_days
    }

    filter {}

    # Time to notice that somebody deleted or overwrote evidence.
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }

  # On AWS, a lifecycle rule for noncurrent versions wants versioning first.
  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "CloudTrailReadsAcl"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = local.bucket_arn
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      {
        Sid       = "CloudTrailWrites"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.bucket_arn}/AWSLogs/${var.account.id}/*"
        Condition = {
          StringEquals = {
            "aws:SourceArn" = local.trail_arn
            "s3:x-amz-acl"  = "bucket-owner-full-control"
          }
        }
      },
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })

  # Two changes of one bucket at a time are a conflict on AWS.
  depends_on = [aws_s3_bucket_ownership_controls.this, aws_s3_bucket_public_access_block.this]
}

################################################################################
# Key
################################################################################

resource "aws_kms_key" "this" {
  deletion_window_in_days = var.kms_deletion_window_in_days
  description             = "Log files and log group of trail ${var.name}"
  enable_key_rotation     = true
  tags                    = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # Gives nobody anything by itself: it lets the account's IAM policies decide, and keeps the key from being locked out.
      {
        Sid       = "AdministeredThroughIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.account.partition}:iam::${var.account.id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "CloudTrailEncrypts"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:GenerateDataKey*"
        Resource  = "*"
        Condition = {
          StringEquals = { "aws:SourceArn" = local.trail_arn }
          # A multi-region trail writes from every region.
          StringLike = {
            "kms:EncryptionContext:aws:cloudtrail:arn" = "arn:${var.account.partition}:cloudtrail:*:${var.account.id}:trail/${var.name}"
          }
        }
      },
      {
        Sid       = "CloudTrailDescribes"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:DescribeKey"
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      {
        Sid       = "LogGroupEncrypts"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.account.region}.${var.account.dns_suffix}" }
        Action    = ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = local.log_group_arn } }
      },
    ]
  })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}-trail"
  target_key_id = aws_kms_key.this.key_id
}

################################################################################
# Log group and the way into it
################################################################################

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338:The log group is what the watch and its reader search; what has to be kept is in the bucket
  kms_key_id        = aws_kms_key.this.arn
  name              = local.log_group_name
  retention_in_days = var.log_retention_in_days
  tags              = var.tags
}

resource "aws_iam_role" "this" {
  description = "CloudTrail ${var.name} writes events to log group ${local.log_group_name}"
  # IAM knows no regions: without it, the same instance in a second region would collide.
  name = "${var.name}-trail-${var.account.region}"
  tags = var.tags

  # AWS documents no condition for this trust; one that CloudTrail does not satisfy would stop the events.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "CloudTrailAssumes"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "write-log-streams"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "WriteLogStreams"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${local.log_group_arn}:log-stream:${var.account.id}_CloudTrail_${var.account.region}*"
    }]
  })
}
