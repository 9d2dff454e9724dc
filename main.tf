# Raises an alarm when somebody reads a secret: CloudTrail records the read, a metric filter counts
# it, an alarm rings, a topic tells people.

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  # Looked up once here, so that the modules need no data source, and their policies are known in a plan.
  account = {
    dns_suffix = data.aws_partition.this.dns_suffix
    id         = data.aws_caller_identity.this.account_id
    partition  = data.aws_partition.this.partition
    region     = data.aws_region.this.id
  }

  console_domain = lookup({
    aws-cn     = "console.amazonaws.cn"
    aws-us-gov = "console.amazonaws-us-gov.com"
  }, local.account.partition, "console.aws.amazon.com")

  secrets = setunion(var.secrets, var.secret == null ? [] : [var.secret.name])
}

module "trail" {
  source = "./modules/trail"

  account                     = local.account
  after                       = module.secret[*].version_id
  bucket_expiration_in_days   = var.trail.bucket_expiration_in_days
  bucket_force_destroy        = var.trail.bucket_force_destroy
  kms_deletion_window_in_days = var.kms_deletion_window_in_days
  log_retention_in_days       = var.trail.log_retention_in_days
  name                        = var.name
  tags                        = var.tags
}

module "alerts" {
  source = "./modules/alerts"

  account                     = local.account
  email_addresses             = var.email_addresses
  kms_deletion_window_in_days = var.kms_deletion_window_in_days
  name                        = var.name
  tags                        = var.tags
}

module "watch" {
  source = "./modules/watch"

  account        = local.account
  alarm          = var.alarm
  log_group_name = module.trail.log_group_name
  name           = var.name
  secrets        = local.secrets
  tags           = var.tags
  topic_arn      = module.alerts.topic_arn
}

module "secret" {
  source = "./modules/secret"
  count  = var.secret == null ? 0 : 1

  account                     = local.account
  description                 = var.secret.description
  kms_deletion_window_in_days = var.kms_deletion_window_in_days
  kms_key                     = var.secret.kms_key
  name                        = var.secret.name
  recovery_window_in_days     = var.secret.recovery_window_in_days
  tags                        = var.tags
  value                       = var.secret_value
  value_version               = var.secret.value_version
}
