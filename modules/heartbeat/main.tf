# The heartbeat: a real read on schedule, of a secret that is worth nothing, which passes the whole chain: trail, role, log
# group, filter, metric. Its alarm rings when nothing arrives, whatever it was that stopped, also what nobody thought of.
#
# The read asks for a version that does not exist, of a secret without a value: CloudTrail records it like any other, and no
# history of an execution can hold what was never answered.

locals {
  minutes = tonumber(split(" ", var.every)[0]) * (startswith(split(" ", var.every)[1], "hour") ? 60 : 1)
  rate    = "rate(${var.every})"

  # What one heartbeat may come late, in periods of five minutes: CloudTrail delivers within eleven minutes (measured on some
  # 3,900 log files), and the schedule within one.
  periods = ceil(local.minutes / 5) + 3
  arns = {
    machine = "arn:${var.account.partition}:states:${var.account.region}:${var.account.id}:stateMachine:${var.name}-heartbeat"
    role    = "arn:${var.account.partition}:iam::${var.account.id}:role/${var.role_names.read}"
  }
}

# Nobody puts a value into it. AWS's own key encrypts nothing here: a key of one's own would cost a dollar a month.
resource "aws_secretsmanager_secret" "this" {
  # checkov:skip=CKV_AWS_149:It holds no value, and a key of its own would cost a dollar a month.
  # checkov:skip=CKV2_AWS_57:It holds no value that could be rotated.
  description             = "Holds no value. ${var.name}'s heartbeat reads it ${var.every == "1 hour" ? "every hour" : "every ${var.every}"}; if anybody else reads it, an alarm rings."
  name                    = var.secret_name
  recovery_window_in_days = 0
  tags                    = var.tags
}

################################################################################
# What reads
################################################################################

resource "aws_sfn_state_machine" "this" {
  # checkov:skip=CKV_AWS_284:A trace would show that the read was made, which CloudTrail does, too; that it was counted, the alarm tells.
  # checkov:skip=CKV_AWS_285:CloudTrail records the call, and Step Functions keeps each execution's history for 90 days.
  definition = jsonencode(local.definition)
  name       = "${var.name}-heartbeat"
  role_arn   = aws_iam_role.read.arn
  tags       = var.tags

  # AWS looks whether the role may do what the definition asks.
  depends_on = [aws_iam_role_policy.read]
}

resource "aws_iam_role" "read" {
  description = "Lets ${var.name}'s heartbeat read its secret"
  name        = var.role_names.read
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account.id } }
    }]
  })
}

resource "aws_iam_role_policy" "read" {
  name = "read-one-secret"
  role = aws_iam_role.read.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([{
      Sid      = "Read"
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = aws_secretsmanager_secret.this.arn
    }], local.ping_statements)
  })
}

################################################################################
# What starts it
################################################################################

resource "aws_cloudwatch_event_rule" "this" {
  description         = "Starts ${var.name}'s heartbeat"
  name                = "${var.name}-heartbeat"
  schedule_expression = local.rate
  tags                = var.tags

  # Left out, the provider minds no rule that somebody disabled.
  state = "ENABLED"
}

resource "aws_cloudwatch_event_target" "this" {
  arn       = aws_sfn_state_machine.this.arn
  role_arn  = aws_iam_role.start.arn
  rule      = aws_cloudwatch_event_rule.this.name
  target_id = "heartbeat"

  depends_on = [aws_iam_role_policy.start]
}

resource "aws_iam_role" "start" {
  description = "Lets EventBridge start ${var.name}'s heartbeat"
  name        = var.role_names.start
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "start" {
  name = "start-one-state-machine"
  role = aws_iam_role.start.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Start"
      Effect   = "Allow"
      Action   = "states:StartExecution"
      Resource = local.arns.machine
    }]
  })
}

################################################################################
# What counts it, and what rings when there is nothing to count
################################################################################

resource "aws_cloudwatch_log_metric_filter" "this" {
  log_group_name = var.log_group_name
  name           = "${var.name}-heartbeat"
  pattern        = "{ $.eventSource = \"secretsmanager.amazonaws.com\" && $.eventName = \"GetSecretValue\" && $.requestParameters.secretId = \"${var.secret_name}\" && $.userIdentity.sessionContext.sessionIssuer.arn = \"${local.arns.role}\" && $.awsRegion = \"${var.account.region}\" }"

  metric_transformation {
    name      = "${var.name}-heartbeat"
    namespace = "secretwatch/${var.name}"
    unit      = "Count"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_actions       = var.topic_arns
  alarm_description   = "No heartbeat of ${var.name} has been counted for ${local.periods * 5} minutes, so reads of secrets are not counted either: some part between CloudTrail and the log group's metric filters has stopped. To find it, run: secretwatch doctor. After a new deployment this is normal until the first heartbeat is counted."
  alarm_name          = "${var.name}-heartbeat"
  comparison_operator = "LessThanThreshold"
  datapoints_to_alarm = local.periods
  evaluation_periods  = local.periods
  metric_name         = aws_cloudwatch_log_metric_filter.this.metric_transformation[0].name
  namespace           = aws_cloudwatch_log_metric_filter.this.metric_transformation[0].namespace
  ok_actions          = var.topic_arns
  period              = 300
  statistic           = "SampleCount"
  tags                = var.tags
  threshold           = 1
  treat_missing_data  = "breaching"
  unit                = "Count"
}
