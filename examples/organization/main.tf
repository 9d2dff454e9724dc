# One trail for all accounts of an organisation, applied in its management account. The log files go to the
# log archive account; the log group, and with it the watch, stays here.

variable "email_address" {
  default     = "ops@example.com"
  description = "Gets the alarm. AWS sends a link first, which has to be followed."
  type        = string
}

variable "log_archive_account_id" {
  description = "Account that keeps the log files."
  type        = string
}

variable "name" {
  default     = "organization"
  description = "Name of the instance, and of its trail."
  type        = string
}

provider "aws" {
  alias = "log_archive"

  assume_role {
    role_arn = "arn:${data.aws_partition.this.partition}:iam::${var.log_archive_account_id}:role/OrganizationAccountAccessRole"
  }
}

data "aws_caller_identity" "this" {}

data "aws_organizations_organization" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

module "secretwatch" {
  source = "../.."

  email_addresses             = [var.email_address]
  kms_deletion_window_in_days = 7
  name                        = var.name

  trail = {
    # By way of the policy, which CloudTrail looks for when the trail is created.
    bucket               = { name = aws_s3_bucket_policy.archive.bucket }
    bucket_force_destroy = true # made to be destroyed
    organization         = { id = data.aws_organizations_organization.this.id }
  }

  # Of any account: a name is the same secret in none of the others, a prefix is a convention of all.
  watches = {
    production = { secrets = ["production/*"] }
  }
}

################################################################################
# In the log archive account
################################################################################

locals {
  bucket_name = "${var.name}-trail-${var.log_archive_account_id}"
  bucket_arn  = "arn:${data.aws_partition.this.partition}:s3:::${local.bucket_name}"
  trail_arn   = "arn:${data.aws_partition.this.partition}:cloudtrail:${data.aws_region.this.id}:${data.aws_caller_identity.this.account_id}:trail/${var.name}"
}

resource "aws_s3_bucket" "archive" {
  # checkov:skip=CKV_AWS_18:Access logs of a log bucket need one more bucket
  # checkov:skip=CKV_AWS_144:A log archive that replicates does so by its own rules
  # checkov:skip=CKV2_AWS_61:How long a log archive keeps its files is its own business
  # checkov:skip=CKV2_AWS_62:Nothing consumes notifications of this bucket
  provider = aws.log_archive

  bucket        = local.bucket_name
  force_destroy = true # made to be destroyed
}

resource "aws_s3_bucket_public_access_block" "archive" {
  provider = aws.log_archive

  block_public_acls       = true
  block_public_policy     = true
  bucket                  = aws_s3_bucket.archive.id
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# A Bucket Key asks KMS once for many files. Each is encrypted with the trail's key, whatever the bucket's is.
resource "aws_s3_bucket_server_side_encryption_configuration" "archive" {
  provider = aws.log_archive

  bucket = aws_s3_bucket.archive.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_versioning" "archive" {
  provider = aws.log_archive

  bucket = aws_s3_bucket.archive.id

  versioning_configuration {
    status = "Enabled"
  }
}

# The statements are those of the output policy_statements.bucket: where the archive belongs to somebody else, send them that.
resource "aws_s3_bucket_policy" "archive" {
  provider = aws.log_archive

  bucket = local.bucket_name

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
        Resource = [
          "${local.bucket_arn}/AWSLogs/${data.aws_caller_identity.this.account_id}/*",
          "${local.bucket_arn}/AWSLogs/${data.aws_organizations_organization.this.id}/*",
        ]
        Condition = {
          StringEquals = {
            "aws:SourceArn" = local.trail_arn
            "s3:x-amz-acl"  = "bucket-owner-full-control"
          }
        }
      },
    ]
  })

  depends_on = [aws_s3_bucket.archive, aws_s3_bucket_public_access_block.archive, aws_s3_bucket_server_side_encryption_configuration.archive]
}

output "policy_statements" {
  description = "What the bucket's policy needs."
  value       = module.secretwatch.policy_statements.bucket
}

output "watch" {
  description = "What `secretwatch smoke` follows, and a link to the alarm."
  value       = module.secretwatch.watch
}
