# What counts as a read, and when it is an alarm: one metric filter on the trail's log group, one alarm.

locals {
  # Whatever a secret was given as, its name: an ARN ends in :secret:NAME-, six characters chosen by AWS.
  arns  = [for secret in var.secrets : secret if startswith(secret, "arn:")]
  names = sort(distinct([for secret in var.secrets : startswith(secret, "arn:") ? replace(split(":secret:", secret)[1], "/-[A-Za-z0-9]{6}$/", "") : secret]))

  foreign_arns = [for arn in local.arns : arn if split(":", arn)[4] != var.account.id]

  # Names as regular expressions: . and + are operators there, and ! (as in rds!cluster-...) has to be written as its code.
  name_patterns = [for name in local.names : replace(replace(name, "/[.+]/", "\\$0"), "!", "\\x21")]

  # A caller may send the name, the ARN, or the ARN without its last seven characters. Anything after the
  # name but those seven belongs to another secret: db must not ring for db-replica.
  secret_pattern = join("|", flatten([for name in local.name_patterns : [
    "^${name}$",
    ":${var.account.id}:secret:${name}$",
    ":${var.account.id}:secret:${name}-[a-zA-Z0-9]{6}$",
  ]]))

  # A read that names no secret could be of any: denied reads have no parameters, batches may name filters instead.
  filter_pattern = join(" ", [
    "{",
    "($.eventSource = \"secretsmanager.amazonaws.com\") &&",
    "(($.eventName = \"GetSecretValue\") || ($.eventName = \"BatchGetSecretValue\")) &&",
    "(($.requestParameters.secretId = %${local.secret_pattern}%) ||",
    "($.requestParameters.secretIdList[*] = %${local.secret_pattern}%) ||",
    "(($.requestParameters.secretId NOT EXISTS) && ($.requestParameters.secretIdList[0] NOT EXISTS)))",
    "}",
  ])

  # Who: a little wider than the filter (siblings show up too), so that it is short enough to be read in an e-mail.
  logs_insights_query = join("\n", [
    "fields @timestamp, eventName, userIdentity.arn, userIdentity.invokedBy, sourceIPAddress, userAgent, requestParameters.secretId, errorCode",
    "| filter eventSource = \"secretsmanager.amazonaws.com\" and eventName like /GetSecretValue$/",
    "| filter requestParameters.secretId like /${replace(join("|", local.name_patterns), "/", "\\/")}/ or not ispresent(requestParameters.secretId)",
    "| sort @timestamp desc",
    "| limit 50",
  ])
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  log_group_name = var.log_group_name
  name           = "${var.name}-secret-reads"
  pattern        = local.filter_pattern

  metric_transformation {
    # Without it, minutes of other events would be gaps rather than zeros.
    default_value = "0"
    name          = "${var.name}-secret-reads"
    namespace     = "secretwatch/${var.name}"
    value         = "1"
  }

  lifecycle {
    precondition {
      condition     = length(local.foreign_arns) == 0
      error_message = "This trail records account ${var.account.id}, and would miss reads of ${join(", ", local.foreign_arns)}: deploy secretwatch in the account that owns the secret."
    }

    precondition {
      condition     = length(local.filter_pattern) <= 1024
      error_message = "The filter pattern for ${length(local.names)} secrets has ${length(local.filter_pattern)} bytes, CloudWatch Logs takes 1024: watch fewer secrets here and the others with a second instance of this module that has another name."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_actions       = [var.topic_arn]
  alarm_name          = "${var.name}-secret-read"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  datapoints_to_alarm = var.alarm.datapoints_to_alarm
  evaluation_periods  = var.alarm.evaluation_periods
  metric_name         = aws_cloudwatch_log_metric_filter.this.metric_transformation[0].name
  namespace           = aws_cloudwatch_log_metric_filter.this.metric_transformation[0].namespace
  period              = var.alarm.period
  statistic           = var.alarm.statistic
  tags                = var.tags
  threshold           = var.alarm.threshold
  treat_missing_data  = var.alarm.treat_missing_data

  # CloudWatch takes 1,024 characters. A pattern that fits leaves room for the names here.
  alarm_description = <<-EOT
    A watched secret was read, or somebody tried: ${join(", ", local.names)}. A denied read and a batch that names no secret count too.
    Who? CloudWatch > Logs Insights, region ${var.account.region}, log group ${var.log_group_name}:

    ${local.logs_insights_query}

    Not expected? Disable the identity's credentials, then rotate the secret.
  EOT
}
