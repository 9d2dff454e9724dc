# How an alarm reaches people: a topic, its key, who may publish, and who is subscribed.

locals {
  topic_arn = "arn:${var.account.partition}:sns:${var.account.region}:${var.account.id}:${var.name}"
}

resource "aws_sns_topic" "this" {
  kms_master_key_id = aws_kms_key.this.arn
  name              = var.name
  tags              = var.tags
}

resource "aws_sns_topic_policy" "this" {
  arn = aws_sns_topic.this.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsPublish"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = local.topic_arn
      Condition = {
        ArnLike = {
          "aws:SourceArn" = "arn:${var.account.partition}:cloudwatch:${var.account.region}:${var.account.id}:alarm:${var.name}-*"
        }
        StringEquals = { "aws:SourceAccount" = var.account.id }
      }
    }]
  })
}

resource "aws_sns_topic_subscription" "this" {
  for_each = var.email_addresses

  endpoint  = each.value
  protocol  = "email"
  topic_arn = aws_sns_topic.this.arn
}

################################################################################
# Key
################################################################################

# AWS's own key for SNS does not let CloudWatch use it: alarms would be dropped without a trace.
resource "aws_kms_key" "this" {
  deletion_window_in_days = var.kms_deletion_window_in_days
  description             = "Topic ${var.name}"
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
        Sid       = "AlarmsEncrypt"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = var.account.id } }
      },
    ]
  })
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}-alerts"
  target_key_id = aws_kms_key.this.key_id
}
