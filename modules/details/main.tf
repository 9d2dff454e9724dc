# The alarm says who: when it rings, a rule starts a state machine, which looks up the calls that it rang for and publishes
# one message about them. What came later is told in a second one, and after ten minutes at the end of the alarm (clock.tf).

locals {
  # A role's name has 64 characters, of which the longest instance, watch and region leave none: seven stand for the watch, and one for
  # what it is for.
  watch = substr(sha256("${var.name}-${var.key}"), 0, 7)
  names = {
    alarm   = "${var.name}-details-${var.key}"
    machine = "${var.name}-details-${var.key}"
    rule    = "${var.name}-details-${var.key}"
    read    = "${var.name}-details-${local.watch}r-${var.account.region}"
    start   = "${var.name}-details-${local.watch}s-${var.account.region}"
  }
  machine_arn     = "arn:${var.account.partition}:states:${var.account.region}:${var.account.id}:stateMachine:${local.names.machine}"
  watch_alarm_arn = "arn:${var.account.partition}:cloudwatch:${var.account.region}:${var.account.id}:alarm:${var.alarm.name}"
}

################################################################################
# What looks it up and tells
################################################################################

resource "aws_sfn_state_machine" "this" {
  # checkov:skip=CKV_AWS_284:CloudTrail records each call that it makes, and Step Functions keeps each execution's history for 90 days.
  # checkov:skip=CKV_AWS_285:What it reads is in the log group already; a second log of it would be one more place to guard.
  definition = jsonencode(local.definition)
  name       = local.names.machine
  role_arn   = aws_iam_role.read.arn
  tags       = var.tags

  # AWS looks whether the role may do what the definition asks.
  depends_on = [aws_iam_role_policy.read]

  lifecycle {
    precondition {
      condition     = length(var.filter_patterns) <= 75
      error_message = "${var.path}details: the watch has ${length(var.filter_patterns)} metric filters, and details work with at most 75, because each message queries all of them. Write a prefix such as \"prod/*\", or \"*\" with except, or details = false."
    }
  }
}

resource "aws_iam_role" "read" {
  description = "Lets the details of watch ${var.key} of ${var.name} read its log group and publish"
  name        = local.names.read
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
  name = "read-one-log-group"
  role = aws_iam_role.read.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        { Sid = "Read", Effect = "Allow", Action = "logs:FilterLogEvents", Resource = "${var.log_group.arn}:*" },
        { Sid = "Ask", Effect = "Allow", Action = "cloudwatch:DescribeAlarmHistory", Resource = local.watch_alarm_arn },
        { Sid = "Tell", Effect = "Allow", Action = "sns:Publish", Resource = var.topic_arns },
      ],
      [for number, arn in var.kms_key_arns : { Sid = "Encrypt${number}", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey*"], Resource = arn }],
      # Somebody else's topic may have any key: only SNS may use it, and only for that topic.
      [for arns in [var.given_topic_arns] : {
        Sid      = "EncryptForGivenTopics"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource = "arn:${var.account.partition}:kms:${var.account.region}:*:key/*"
        Condition = { StringEquals = {
          "kms:EncryptionContext:aws:sns:topicArn" = arns
          "kms:ViaService"                         = "sns.${var.account.region}.${var.account.dns_suffix}"
        } }
      } if length(arns) > 0],
    )
  })
}

################################################################################
# What starts it
################################################################################

resource "aws_cloudwatch_event_rule" "this" {
  description = "Starts the details of watch ${var.key} of ${var.name}"
  name        = local.names.rule
  tags        = var.tags

  # Left out, the provider minds no rule that somebody disabled.
  state = "ENABLED"

  # When it rings, and when it has rung.
  event_pattern = jsonencode({
    source      = ["aws.cloudwatch"]
    detail-type = ["CloudWatch Alarm State Change"]
    resources   = [local.watch_alarm_arn]
    "$or" = [
      { detail = { state = { value = ["ALARM"] } } },
      { detail = { previousState = { value = ["ALARM"] } } },
    ]
  })
}

resource "aws_cloudwatch_event_target" "this" {
  arn       = aws_sfn_state_machine.this.arn
  role_arn  = aws_iam_role.start.arn
  rule      = aws_cloudwatch_event_rule.this.name
  target_id = "details"

  # EventBridge would try for a day before it counts a start that failed, which is what the alarm below looks at.
  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 185
  }

  depends_on = [aws_iam_role_policy.start]
}

resource "aws_iam_role" "start" {
  description = "Lets EventBridge start the details of watch ${var.key} of ${var.name}"
  name        = local.names.start
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        ArnEquals    = { "aws:SourceArn" = "arn:${var.account.partition}:events:${var.account.region}:${var.account.id}:rule/${local.names.rule}" }
        StringEquals = { "aws:SourceAccount" = var.account.id }
      }
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
      Resource = local.machine_arn
    }]
  })
}

################################################################################
# When nothing could be told
################################################################################

locals {
  failures = {
    aborted     = { dimensions = { StateMachineArn = local.machine_arn }, metric_name = "ExecutionsAborted", namespace = "AWS/States" }
    failed      = { dimensions = { StateMachineArn = local.machine_arn }, metric_name = "ExecutionsFailed", namespace = "AWS/States" }
    not_started = { dimensions = { RuleName = local.names.rule }, metric_name = "FailedInvocations", namespace = "AWS/Events" }
    timed_out   = { dimensions = { StateMachineArn = local.machine_arn }, metric_name = "ExecutionsTimedOut", namespace = "AWS/States" }
  }
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  count = var.alarmed ? 1 : 0

  alarm_actions       = var.topic_arns
  alarm_description   = "The message with the details of watch ${var.key} could not be sent. The log group ${var.log_group.name} has the calls, and the description of the alarm ${var.alarm.name} has the query that finds them. Usual causes: a topic's policy or key that does not let the role ${local.names.read} publish, or somebody changed the role ${local.names.start}. The state machine ${local.names.machine} shows which."
  alarm_name          = local.names.alarm
  comparison_operator = "GreaterThanOrEqualToThreshold"
  evaluation_periods  = 1
  tags                = var.tags
  threshold           = 1
  treat_missing_data  = "notBreaching"

  metric_query {
    expression  = join(" + ", [for id in sort(keys(local.failures)) : "FILL(${id}, 0)"])
    id          = "untold"
    label       = "Details that could not be told"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.failures

    content {
      id = metric_query.key

      metric {
        dimensions  = metric_query.value.dimensions
        metric_name = metric_query.value.metric_name
        namespace   = metric_query.value.namespace
        period      = 300
        stat        = "Sum"
      }
    }
  }
}
