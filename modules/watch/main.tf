# One watch: metric filters that count what the patterns match, all into one metric, and the alarm on it.

resource "aws_cloudwatch_log_metric_filter" "dealt" {
  for_each = local.patterns

  log_group_name = var.log_group_name
  name           = "${var.metric.name}-${each.key}"
  pattern        = each.value

  metric_transformation {
    # Without it, minutes of other events would be gaps rather than zeros.
    default_value = "0"
    name          = var.metric.name
    namespace     = var.metric.namespace
    value         = "1"
  }

  # PutMetricFilter replaces another instance's filter of this name: topics come first, and before them what is refused then.
  depends_on = [var.topic_arns]

  lifecycle {
    # New ones count before old ones stop: a read meanwhile counts twice rather than not at all.
    create_before_destroy = true

    precondition {
      condition     = length(each.value) <= 1024
      error_message = "${var.path}secrets and except make a filter pattern of ${length(each.value)} bytes, CloudWatch Logs takes 1024: write fewer principals in except, or the part that they share with a * (arn:aws:iam::${var.account.id}:role/ci/*)."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_actions       = var.topic_arns
  alarm_name          = var.name
  comparison_operator = "GreaterThanOrEqualToThreshold"
  datapoints_to_alarm = var.alarm.datapoints_to_alarm
  evaluation_periods  = var.alarm.evaluation_periods
  metric_name         = local.first.name
  namespace           = local.first.namespace
  ok_actions          = var.alarm.ok_actions ? var.topic_arns : []
  period              = var.alarm.period
  statistic           = var.alarm.statistic
  tags                = var.tags
  threshold           = var.alarm.threshold
  treat_missing_data  = var.alarm.treat_missing_data

  # CloudWatch takes 1,024 characters.
  alarm_description = length(local.description) <= 1024 ? local.description : local.short_description

  lifecycle {
    precondition {
      condition     = length(local.foreign) == 0
      error_message = "${var.path}secrets: this trail records account ${var.account.id}, and would miss reads of ${join(", ", local.foreign)}: deploy secretwatch in the account that owns the secret."
    }

    precondition {
      condition     = length(local.regex_patterns) <= 5
      error_message = "${var.path}secrets has ${length(local.unknown)} secrets without complete ARNs. Only regular expressions know a name from its siblings', and that takes ${length(local.regex_patterns)} filters with some: a log group takes 5. Write complete ARNs, let names be looked up (look_up_secrets = true), or write a prefix such as \"prod/*\"."
    }

    precondition {
      condition     = length(local.patterns) <= 100
      error_message = "${var.path}secrets has ${length(local.names)} secrets, which take ${length(local.patterns)} metric filters: a log group takes 100. Write a prefix such as \"prod/*\", or \"*\" with except, or watch some of them from another instance, with another log group."
    }
  }
}

locals {
  # By way of a filter: the alarm comes after all of them, and old ones go after the alarm.
  first = values(aws_cloudwatch_log_metric_filter.dealt)[0].metric_transformation[0]

  foreign = var.organization ? [] : [for secret in var.secrets : secret if startswith(secret, "arn:") && try(split(":", secret)[4], "") != var.account.id]

  # With both names of which one may be meant.
  told  = sort(distinct(concat(local.names, [for known in local.meant : known.end if known.second == "by expressions" ? can(regex(local.word, known.suffix)) : false])))
  what  = local.is_all ? "any secret" : join(", ", concat(local.told, [for prefix in local.prefixes : "${prefix}*"]))
  count = length(local.names) + length(local.prefixes)
  happened = {
    any     = "Somebody used a watched secret, or tried"
    denied  = "Somebody was denied a watched secret"
    success = "Somebody used a watched secret"
  }[var.outcome]
  calls = join(", ", sort(var.events))

  # Who: a little wider than the filter (siblings show up too), so that it is short enough to be read in an e-mail.
  logs_insights_query = join("\n", concat(
    [
      "fields @timestamp, eventName, userIdentity.arn, userIdentity.invokedBy, sourceIPAddress, userAgent, requestParameters.secretId, errorCode",
      "| filter eventSource = \"secretsmanager.amazonaws.com\" and eventName like /^(${replace(join("|", local.events), "*", ".*")})$/",
    ],
    local.is_all ? [] : [
      "| filter requestParameters.secretId like /${replace(replace(join("|", concat(local.names, local.prefixes)), "/[.+]/", "\\$0"), "/", "\\/")}/ or not ispresent(requestParameters.secretId)",
    ],
    [
      "| sort @timestamp desc",
      "| limit 50",
    ],
  ))

  introduction = "${local.happened} (${local.calls}): "
  instruction  = "Who? CloudWatch > Logs Insights, region ${var.account.region}, log group ${var.log_group_name}"
  conclusion   = "Not expected? Disable the identity's credentials, then rotate the secret."

  description = <<-EOT
    ${local.introduction}${local.what}. Calls that name no secret count, too.
    ${local.instruction}:

    ${local.logs_insights_query}

    ${local.conclusion}
  EOT

  short_description = <<-EOT
    ${local.introduction}${local.count == 1 ? substr(local.what, 0, 300) : "${local.count} of them, such as ${substr(local.what, 0, 300)}"}. Calls that name no secret count, too.
    ${local.instruction}; the query is the output logs_insights_query.

    ${local.conclusion}
  EOT
}
