# How an alarm reaches people: topics, their key, who may publish, and who is subscribed.

locals {
  owned = { for key, topic in var.topics : key => topic if topic.existing == null }

  # The only topic has the instance's name, several have their own beside it.
  names = { for key in keys(local.owned) : key => key == "default" ? var.name : "${var.name}-${key}" }
  arns = {
    for key, topic in var.topics : key => topic.existing != null ? topic.existing.arn : "arn:${var.account.partition}:sns:${var.account.region}:${var.account.id}:${local.names[key]}"
  }

  # A subscription that gets another address in the state has to be confirmed anew: these are as they always were.
  subscriptions = merge([
    for key, topic in local.owned : {
      for address in topic.email_addresses : key == "default" ? address : "${key}/${address}" => { address = address, topic = key }
    }
  ]...)
}

# An address of a pager has its key in it: it is shown nowhere, and what is named after an endpoint has its short name.
locals {
  endpoints = merge([
    for key, topic in local.owned : { for name, endpoint in topic.endpoints : "${key}/${name}" => merge(endpoint, { topic = key }) }
  ]...)
  with_endpoints = { for key, topic in local.owned : key => "${local.names[key]}--undelivered" if length(topic.endpoints) > 0 }
}

resource "aws_sns_topic" "this" {
  for_each = local.owned

  kms_master_key_id = local.kms_key_arn
  name              = local.names[each.key]
  tags              = var.tags

  # SNS makes no difference between creating a topic and taking one over that is there: what is refused where another
  # instance has this name comes first.
  depends_on = [aws_kms_alias.this, var.after]
}

resource "aws_sns_topic_policy" "this" {
  for_each = local.owned

  arn    = aws_sns_topic.this[each.key].arn
  policy = jsonencode({ Version = "2012-10-17", Statement = local.topic_policy_statements[each.key] })
}

resource "aws_sns_topic_subscription" "this" {
  for_each = local.subscriptions

  endpoint  = each.value.address
  protocol  = "email"
  topic_arn = aws_sns_topic.this[each.value.topic].arn

  # Only the heartbeat's messages have this attribute.
  filter_policy       = var.without_heartbeats ? jsonencode({ secretwatch = [{ exists = false }] }) : null
  filter_policy_scope = var.without_heartbeats ? "MessageAttributes" : null
}

################################################################################
# Endpoints, and what they did not take
################################################################################

resource "aws_sns_topic_subscription" "endpoint" {
  for_each = local.endpoints

  endpoint             = sensitive(each.value.url)
  protocol             = "https"
  raw_message_delivery = each.value.raw_message_delivery
  redrive_policy       = jsonencode({ deadLetterTargetArn = aws_sqs_queue.undelivered[each.value.topic].arn })
  topic_arn            = aws_sns_topic.this[each.value.topic].arn

  # 16 tries. All of them have an hour at most, and how SNS adds up those that grow it does not say: within that hour
  # they are even if each of them counts as the longest.
  # https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
  delivery_policy = jsonencode({
    healthyRetryPolicy = {
      backoffFunction    = "exponential"
      maxDelayTarget     = 290
      minDelayTarget     = 5
      numMaxDelayRetries = 2
      numMinDelayRetries = 2
      numNoDelayRetries  = 1
      numRetries         = 15
    }
  })

  filter_policy       = var.without_heartbeats ? jsonencode({ secretwatch = [{ exists = false }] }) : null
  filter_policy_scope = var.without_heartbeats ? "MessageAttributes" : null
}

resource "aws_sqs_queue" "undelivered" {
  for_each = local.with_endpoints

  message_retention_seconds = 1209600
  name                      = each.value
  sqs_managed_sse_enabled   = true
  tags                      = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TopicSends"
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:${var.account.partition}:sqs:${var.account.region}:${var.account.id}:${each.value}"
      Condition = { ArnEquals = { "aws:SourceArn" = local.arns[each.key] } }
    }]
  })
}

################################################################################
# What others have to be let do, also with a topic or key that is somebody else's
################################################################################

locals {
  alarms = "arn:${var.account.partition}:cloudwatch:${var.account.region}:${var.account.id}:alarm:"
  topic_policy_statements = {
    for key, arn in local.arns : key => concat(
      length(var.alarm_names) == 0 ? [] : [{
        Sid       = "AlarmsPublish"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = arn
        Condition = {
          # Each alarm by its name: one that begins alike may be another instance's. Whoever owns a given topic writes
          # this statement once, for the alarms of later watches, too.
          ArnLike      = { "aws:SourceArn" = contains(keys(local.owned), key) ? [for name in sort(var.alarm_names) : "${local.alarms}${name}"] : ["${local.alarms}${var.name}-*"] }
          StringEquals = { "aws:SourceAccount" = var.account.id }
        }
      }],
      # No condition: EventBridge takes none in a topic's policy either, and drops its messages without a word. So
      # only on topics that the fast path publishes to: rules of other accounts can, too, once they know the ARN.
      !contains(var.realtime_topics, key) ? [] : [{
        Sid       = "RulesPublish"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = arn
      }],
    )
  }

  key_policy_statements = concat(
    length(var.alarm_names) == 0 ? [] : [{
      Sid       = "AlarmsEncrypt"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account.id } }
    }],
    # No condition: with one in a key's policy EventBridge drops its messages without a word.
    length(var.realtime_topics) == 0 ? [] : [{
      Sid       = "RulesEncrypt"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
    }],
  )
}

################################################################################
# Key
################################################################################

locals {
  owns_key    = var.kms_key == null && length(local.owned) > 0
  kms_key_arn = var.kms_key == null ? one(aws_kms_key.this[*].arn) : var.kms_key.arn
}

# AWS's own key for SNS does not let CloudWatch use it: alarms would be dropped without a trace.
resource "aws_kms_key" "this" {
  count = local.owns_key ? 1 : 0

  deletion_window_in_days = var.kms_deletion_window_in_days
  description             = "Topic ${var.name}"
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

  name          = "alias/${var.name}-alerts"
  target_key_id = aws_kms_key.this[0].key_id
}

################################################################################
# From releases with one topic
################################################################################

moved {
  from = aws_sns_topic.this
  to   = aws_sns_topic.this["default"]
}

moved {
  from = aws_sns_topic_policy.this
  to   = aws_sns_topic_policy.this["default"]
}
