# CloudTrail's own notifications: one of each log file, to a topic that is none of people's.

locals {
  # One message for each log file, which says only that it is there.
  notifications_topic_arn = var.notifications == null ? {} : {
    this = var.notifications.topic == null ? "arn:${var.account.partition}:sns:${var.account.region}:${var.account.id}:${var.name}-log-files" : var.notifications.topic.arn
  }
  # The provider reads back the bare name of a topic of the same account and region: with its ARN no plan would be empty.
  notifications_topic = one([for arn in values(local.notifications_topic_arn) :
    trimprefix(arn, "arn:${var.account.partition}:sns:${var.account.region}:${var.account.id}:")
  ])
  owns_notifications_topic = var.notifications == null ? false : var.notifications.topic == null

  # Without a condition, as AWS documents it: what CloudTrail sends when it publishes is not said.
  notifications_key_statements = !local.owns_notifications_topic ? [] : [{
    Sid       = "NotificationsEncrypt"
    Effect    = "Allow"
    Principal = { Service = "cloudtrail.amazonaws.com" }
    Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
    Resource  = "*"
  }]

  notifications_policy_statements = [for arn in values(local.notifications_topic_arn) : {
    Sid       = "CloudTrailPublishes"
    Effect    = "Allow"
    Principal = { Service = "cloudtrail.amazonaws.com" }
    Action    = "sns:Publish"
    Resource  = arn
    Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
  }]
}

resource "aws_sns_topic" "notifications" {
  count = local.owns_notifications_topic ? 1 : 0

  kms_master_key_id = local.kms_key_arn
  name              = "${var.name}-log-files"
  tags              = var.tags

  # Which is refused where another instance has this name; a topic would be taken over.
  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_sns_topic_policy" "notifications" {
  count = local.owns_notifications_topic ? 1 : 0

  arn    = aws_sns_topic.notifications[0].arn
  policy = jsonencode({ Version = "2012-10-17", Statement = local.notifications_policy_statements })
}
