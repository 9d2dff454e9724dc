# A second account that is told of every change to the watch, at the same time and by a way of its own: whoever rules the
# watched account can silence everything in it, and not what has left it. Both accounts in one root module, so that it can
# be tried; where nobody should have both, the lower half belongs to a root module of the witness's.

variable "email_address" {
  default     = "ops@example.com"
  description = "Gets the alarm. AWS sends a link first, which has to be followed."
  type        = string
}

variable "witness_email_address" {
  default     = "security@example.com"
  description = "Gets what the witness is told: best somebody who may do nothing in the watched account."
  type        = string
}

variable "witness_role_arn" {
  description = "Role in the witness's account that Terraform takes to make its half."
  type        = string
}

provider "aws" {
  alias = "witness"

  assume_role {
    role_arn = var.witness_role_arn
  }
}

data "aws_caller_identity" "watched" {}

module "secretwatch" {
  source = "../.."

  email_addresses             = [var.email_address]
  kms_deletion_window_in_days = 7
  name                        = "witnessed"
  secrets                     = ["production/*"]

  # And what nobody thought of: an alarm when an hourly read of a secret without a value is not counted.
  heartbeat = {}

  # In another region than us-east-1, IAM's calls come by modules/global-events, which takes the witness as well.
  self_watch = { witness = { event_bus_arn = local.bus_arn } }

  # Made to be destroyed. Leave this out where evidence matters.
  trail = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
}

################################################################################
# In the witness's account
################################################################################

data "aws_caller_identity" "witness" {
  provider = aws.witness
}

data "aws_partition" "witness" {
  provider = aws.witness
}

data "aws_region" "witness" {
  provider = aws.witness
}

# By way of the policy: a bus that does not let the account in takes no target of it.
locals {
  bus_arn = "arn:${data.aws_partition.witness.partition}:events:${data.aws_region.witness.id}:${data.aws_caller_identity.witness.account_id}:event-bus/${aws_cloudwatch_event_bus_policy.witness.event_bus_name}"
}

resource "aws_cloudwatch_event_bus" "witness" {
  provider = aws.witness

  name = "witness"
}

resource "aws_cloudwatch_event_bus_policy" "witness" {
  provider = aws.witness

  event_bus_name = aws_cloudwatch_event_bus.witness.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "WatchedAccountSends"
      Effect    = "Allow"
      Principal = { AWS = "arn:${data.aws_partition.witness.partition}:iam::${data.aws_caller_identity.watched.account_id}:root" }
      Action    = "events:PutEvents"
      Resource  = aws_cloudwatch_event_bus.witness.arn
    }]
  })
}

# What AWS sends on the watched account's behalf. Nobody can send an event whose source begins so by themselves.
resource "aws_cloudwatch_event_rule" "witness" {
  provider = aws.witness

  description    = "Changes to the watch in account ${data.aws_caller_identity.watched.account_id}"
  event_bus_name = aws_cloudwatch_event_bus.witness.name
  name           = "witness"

  event_pattern = jsonencode({
    account       = [data.aws_caller_identity.watched.account_id]
    "detail-type" = ["AWS API Call via CloudTrail"]
    source        = [{ prefix = "aws." }]
  })
}

# Texts of the caller's stand only in parts of objects, whose JSON EventBridge writes itself: none of them can break the message.
resource "aws_cloudwatch_event_target" "witness" {
  provider = aws.witness

  arn            = aws_sns_topic.witness.arn
  event_bus_name = aws_cloudwatch_event_bus.witness.name
  rule           = aws_cloudwatch_event_rule.witness.name
  target_id      = "topic"

  input_transformer {
    input_paths = {
      account = "$.detail.recipientAccountId"
      call    = "$.detail.eventName"
      region  = "$.detail.awsRegion"
      time    = "$.detail.eventTime"
      who     = "$.detail.userIdentity"
    }
    input_template = <<-JSON
      {"WITNESSED": "<call>",
      "By": <who>,
      "When": "<time>",
      "Where": "<region>, account <account>",
      "Event": <aws.events.event.json>}
    JSON
  }

  depends_on = [aws_sns_topic_policy.witness]
}

resource "aws_sns_topic" "witness" {
  provider = aws.witness

  kms_master_key_id = aws_kms_key.witness.arn
  name              = "witness"
}

resource "aws_sns_topic_subscription" "witness" {
  provider = aws.witness

  endpoint  = var.witness_email_address
  protocol  = "email"
  topic_arn = aws_sns_topic.witness.arn
}

# No conditions, here and on the key: with one EventBridge drops its messages without a word.
resource "aws_sns_topic_policy" "witness" {
  provider = aws.witness

  arn = aws_sns_topic.witness.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RulesPublish"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.witness.arn
    }]
  })
}

resource "aws_kms_key" "witness" {
  provider = aws.witness

  deletion_window_in_days = 7
  description             = "Topic witness"
  enable_key_rotation     = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AdministeredThroughIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${data.aws_partition.witness.partition}:iam::${data.aws_caller_identity.witness.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "RulesEncrypt"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
      },
    ]
  })
}

output "watch" {
  description = "What `secretwatch smoke` follows, and a link to the alarm."
  value       = module.secretwatch.watch
}
