# Alarms where people talk: Amazon Q Developer in chat applications (AWS Chatbot), a channel for each topic. Chatbot
# subscribes itself to the topics, by a service-linked role of its own: a topic's policy needs nothing for it.

locals {
  names = { for key in keys(var.topics) : key => "${var.name}-${key}-${var.account.region}" }
  slack = { for key, topic in var.topics : key => topic if topic.slack != null }
  teams = { for key, topic in var.topics : key => topic if topic.teams != null }

  # What a channel may: look at this instance's alarms and their history, and be shown the graph below an alarm. That image is of any metric,
  # as AWS has no resource for it. The guardrail of a channel without one is AdministratorAccess.
  statements = [
    {
      Sid      = "SeeAlarms"
      Effect   = "Allow"
      Action   = ["cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"]
      Resource = "arn:${var.account.partition}:cloudwatch:${var.account.region}:${var.account.id}:alarm:${var.name}-*"
    },
    {
      Sid      = "SeeGraphs"
      Effect   = "Allow"
      Action   = "cloudwatch:GetMetricWidgetImage"
      Resource = "*"
    },
  ]
  policy = jsonencode({ Version = "2012-10-17", Statement = local.statements })
}

resource "aws_iam_role" "this" {
  description = "Lets chat channels show alarms of ${var.name}"
  name        = "${var.name}-chat-${var.account.region}"
  tags        = var.tags

  # No condition: AWS documents no key that Chatbot sends. Nobody hands this role to a channel but whoever may pass it, in
  # this account.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ChatsAssume"
      Effect    = "Allow"
      Principal = { Service = "chatbot.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name   = "see-alarms"
  policy = local.policy
  role   = aws_iam_role.this.id
}

# A guardrail is a policy of its own: what somebody adds to the role later is not let through.
resource "aws_iam_policy" "guardrail" {
  description = "What chat channels of ${var.name} may do at the most"
  name        = "${var.name}-chat-${var.account.region}"
  policy      = local.policy
  tags        = var.tags
}

# Neither name, workspace nor team can be changed, and the provider would try.
resource "terraform_data" "identity" {
  for_each = var.topics

  triggers_replace = [local.names[each.key], each.value.slack == null ? [each.value.teams.team_id, each.value.teams.tenant_id] : [each.value.slack.workspace_id]]
}

resource "aws_chatbot_slack_channel_configuration" "this" {
  for_each = local.slack

  configuration_name          = local.names[each.key]
  guardrail_policy_arns       = [aws_iam_policy.guardrail.arn]
  iam_role_arn                = aws_iam_role.this.arn
  logging_level               = "ERROR"
  slack_channel_id            = each.value.slack.channel_id
  slack_team_id               = each.value.slack.workspace_id
  sns_topic_arns              = [each.value.arn]
  tags                        = var.tags
  user_authorization_required = true

  depends_on = [aws_iam_role_policy.this]

  lifecycle {
    replace_triggered_by = [terraform_data.identity[each.key]]
  }
}

resource "aws_chatbot_teams_channel_configuration" "this" {
  for_each = local.teams

  channel_id                  = each.value.teams.channel_id
  configuration_name          = local.names[each.key]
  guardrail_policy_arns       = [aws_iam_policy.guardrail.arn]
  iam_role_arn                = aws_iam_role.this.arn
  logging_level               = "ERROR"
  sns_topic_arns              = [each.value.arn]
  tags                        = var.tags
  team_id                     = each.value.teams.team_id
  tenant_id                   = each.value.teams.tenant_id
  user_authorization_required = true

  depends_on = [aws_iam_role_policy.this]

  lifecycle {
    replace_triggered_by = [terraform_data.identity[each.key]]
  }
}
