# The record of who did what: a multi-region trail, the bucket that keeps its files, the log group
# that the watch reads, the key of both, and the role that carries events into the log group.

locals {
  owns_bucket = var.bucket == null
  owns_key    = var.kms_key == null

  bucket_name    = local.owns_bucket ? "${var.name}-${var.account.id}-${var.account.region}" : var.bucket.name
  kms_key_arn    = local.owns_key ? aws_kms_key.this[0].arn : var.kms_key.arn
  log_group_name = "/aws/cloudtrail/${var.name}"

  # A trail that a delegated administrator makes is its organisation's management account's.
  owner_id = coalesce(try(var.organization.management_account_id, null), var.account.id)

  # Made from names: policies that referred to the resources would be part of a cycle, and unknown in a plan.
  bucket_arn    = "arn:${var.account.partition}:s3:::${local.bucket_name}"
  log_group_arn = "arn:${var.account.partition}:logs:${var.account.region}:${var.account.id}:log-group:${local.log_group_name}"
  trail_arn     = "arn:${var.account.partition}:cloudtrail:${var.account.region}:${local.owner_id}:trail/${var.name}"

  # An organisation trail writes each member's files under the organisation's id; its owner's own have to have a place too.
  key_prefix   = try(var.bucket.key_prefix, null)
  log_streams  = concat([for id in distinct([local.owner_id, var.account.id]) : "${id}_CloudTrail_${var.account.region}*"], var.organization == null ? [] : ["${var.organization.id}_*"])
  object_paths = [for owner in compact([local.owner_id, try(var.organization.id, "")]) : "${local.bucket_arn}/${local.key_prefix == null ? "" : "${local.key_prefix}/"}AWSLogs/${owner}/*"]
}

resource "aws_cloudtrail" "this" {
  # checkov:skip=CKV_AWS_252:A notification for each log file says only that a file arrived; alarms have their own topic
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.this.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.this.arn
  enable_log_file_validation    = true
  include_global_service_events = true
  is_multi_region_trail         = true
  is_organization_trail         = var.organization != null
  kms_key_id                    = local.kms_key_arn
  name                          = var.name
  s3_bucket_name                = local.bucket_name
  s3_key_prefix                 = local.key_prefix
  sns_topic_name                = local.notifications_topic
  tags                          = var.tags

  # Reading a secret is a read event: a trail of write events never sees it.
  event_selector {
    exclude_management_event_sources = length(var.exclude_management_event_sources) == 0 ? null : var.exclude_management_event_sources
    include_management_events        = true
    read_write_type                  = "All"
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
    aws_s3_bucket_lifecycle_configuration.this,
    aws_s3_bucket_versioning.this,
    aws_sns_topic_policy.notifications,
  ]
}

################################################################################
# What others have to be let do, also with a bucket or key that is somebody else's
################################################################################

locals {
  bucket_policy_statements = [
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
      Resource  = local.object_paths
      Condition = {
        StringEquals = {
          "aws:SourceArn" = local.trail_arn
          "s3:x-amz-acl"  = "bucket-owner-full-control"
        }
      }
    },
  ]

  key_policy_statements = concat(local.trail_key_statements, local.bucket_key_statements, local.default_key_statements, local.notifications_key_statements)

  # Somebody else's bucket may have a Bucket Key, with which CloudTrail is asked for this, too:
  # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html
  bucket_key_statements = local.owns_bucket ? [] : [{
    Sid       = "CloudTrailDecrypts"
    Effect    = "Allow"
    Principal = { Service = "cloudtrail.amazonaws.com" }
    Action    = "kms:Decrypt"
    Resource  = "*"
    Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
  }]

  # What CloudTrail writes without naming the key, as digests may be, is encrypted by the bucket's default.
  default_key_statements = !local.owns_bucket ? [] : [{
    Sid       = "CloudTrailEncryptsByDefault"
    Effect    = "Allow"
    Principal = { Service = "cloudtrail.amazonaws.com" }
    Action    = "kms:GenerateDataKey*"
    Resource  = "*"
    Condition = {
      StringEquals = { "aws:SourceArn" = local.trail_arn }
      StringLike   = { "kms:EncryptionContext:aws:s3:arn" = "${local.bucket_arn}/*" }
    }
  }]

  trail_key_statements = [
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
          "kms:EncryptionContext:aws:cloudtrail:arn" = "arn:${var.account.partition}:cloudtrail:*:${local.owner_id}:trail/${var.name}"
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
}

################################################################################
# Evidence
################################################################################

# Whoever destroys the instance, or sets bucket_force_destroy later, is stopped by this in the plan, before the bucket's
# policy and the way into it are gone: prevent_destroy takes no variable, so it stands on something that can be let go
# alone, by terraform state rm of this address. So is who hands in a bucket or key instead of the instance's own, and who
# gives the instance another name, and with it another log group.
resource "terraform_data" "evidence" {
  for_each = var.bucket_force_destroy ? toset([]) : toset(concat(["instance", "name"], local.owns_bucket ? ["bucket"] : [], local.owns_key ? ["key"] : []))

  # A null without a type, which is no change to what had none.
  triggers_replace = try({ name = var.name }[each.key], null)

  lifecycle {
    prevent_destroy = true
  }
}

moved {
  from = terraform_data.evidence[0]
  to   = terraform_data.evidence["instance"]
}

# Another name makes another bucket and role, whose names are else ignored.
resource "terraform_data" "name" {
  triggers_replace = var.name
}

################################################################################
# Bucket
################################################################################

resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_18:Access to the log files is recorded best by data events of another trail; access logs of a log bucket need one more bucket
  # checkov:skip=CKV_AWS_144:Replication doubles the cost; whoever wants it hands in a bucket of their own (trail.bucket)
  # checkov:skip=CKV2_AWS_62:Nothing consumes notifications of this bucket
  count = local.owns_bucket ? 1 : 0

  bucket        = local.bucket_name
  force_destroy = var.bucket_force_destroy
  tags          = var.tags

  # Its name is made of account and region. Where those are read late, in the apply, a plan does not know that the
  # name stays, and would replace the bucket with all that is in it.
  lifecycle {
    ignore_changes       = [bucket]
    replace_triggered_by = [terraform_data.name]
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  count = local.owns_bucket ? 1 : 0

  block_public_acls       = true
  block_public_policy     = true
  bucket                  = aws_s3_bucket.this[0].id
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  count = local.owns_bucket ? 1 : 0

  bucket = aws_s3_bucket.this[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  count = local.owns_bucket ? 1 : 0

  bucket = aws_s3_bucket.this[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  count = local.owns_bucket ? 1 : 0

  bucket = aws_s3_bucket.this[0].id

  rule {
    apply_server_side_encryption_by_default {
      kms_master_key_id = local.kms_key_arn
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count = local.owns_bucket && var.bucket_expiration_in_days > 0 ? 1 : 0

  bucket = aws_s3_bucket.this[0].id

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
  count = local.owns_bucket ? 1 : 0

  bucket = aws_s3_bucket.this[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.bucket_policy_statements, [
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ])
  })

  # Two changes of one bucket at a time are a conflict on AWS.
  depends_on = [aws_s3_bucket_ownership_controls.this, aws_s3_bucket_public_access_block.this]
}

################################################################################
# Key
################################################################################

resource "aws_kms_key" "this" {
  count = local.owns_key ? 1 : 0

  deletion_window_in_days = var.kms_deletion_window_in_days
  description             = "Log files and log group of trail ${var.name}"
  enable_key_rotation     = true
  tags                    = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      # Gives nobody anything by itself: it lets the account's IAM policies decide, and keeps the key from being locked out.
      {
        Sid       = "AdministeredThroughIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.account.partition}:iam::${var.account.id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
    ], local.key_policy_statements)
  })
}

resource "aws_kms_alias" "this" {
  count = local.owns_key ? 1 : 0

  name          = "alias/${var.name}-trail"
  target_key_id = aws_kms_key.this[0].key_id
}

################################################################################
# Log group and the way into it
################################################################################

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338:The log group is what the watch and its reader search; what has to be kept is in the bucket
  kms_key_id        = local.kms_key_arn
  name              = local.log_group_name
  retention_in_days = var.log_retention_in_days
  tags              = var.tags
}

resource "aws_iam_role" "this" {
  description = "CloudTrail ${var.name} writes events to log group ${local.log_group_name}"
  # IAM knows no regions: without it, the same instance in a second region would collide.
  name = "${var.name}-trail-${var.account.region}"
  tags = var.tags

  # As with the bucket.
  lifecycle {
    ignore_changes       = [name]
    replace_triggered_by = [terraform_data.name]
  }

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
      Resource = [for stream in local.log_streams : "${local.log_group_arn}:log-stream:${stream}"]
    }]
  })
}
