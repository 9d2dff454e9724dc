# One watch: metric filters that count what the patterns match, all into one metric, and the alarm on it.
#
# The metric has a 1 for each match and nothing else: no zero that could push a read out of what the alarm looks at and
# let it ring twice (docs/alarms.md). Anybody who may call cloudwatch:PutMetricData can write more into it, and CloudTrail
# does not record that: so nothing here gets smaller by another value, and what has another unit is not looked at.

resource "aws_cloudwatch_log_metric_filter" "dealt" {
  for_each = local.patterns # "known only after apply"? Then secrets holds the ARN of a secret that this apply creates: write its name

  log_group_name = var.log_group_name
  name           = "${var.metric.name}-${each.key}"
  pattern        = each.value

  metric_transformation {
    name      = var.metric.name
    namespace = var.metric.namespace
    unit      = "Count"
    value     = "1"
  }

  # PutMetricFilter replaces another instance's filter of this name: topics come first, and before them what is refused then.
  depends_on = [var.topic_arns]

  lifecycle {
    # New ones count before old ones stop: a read meanwhile counts twice rather than not at all.
    create_before_destroy = true

    precondition {
      condition     = length(each.value) <= local.longest_pattern
      error_message = "${var.path}secrets and except make a filter pattern of ${length(each.value)} bytes, CloudWatch Logs takes ${local.longest_pattern}: write fewer principals in except, or the part that they share with a * (arn:aws:iam::${var.account.id}:role/ci/*)."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_actions       = var.topic_arns
  alarm_name          = var.name
  comparison_operator = "GreaterThanOrEqualToThreshold"
  ok_actions          = var.alarm.ok_actions ? var.topic_arns : []
  tags                = var.tags
  threshold           = var.alarm.threshold
  treat_missing_data  = var.alarm.treat_missing_data

  # A single read: any minute of the period that has one. Each minute with a read breaches, so none is in another's way.
  datapoints_to_alarm = local.single ? 1 : var.alarm.datapoints_to_alarm
  evaluation_periods  = local.single ? var.alarm.period / 60 : var.alarm.evaluation_periods
  metric_name         = local.single ? local.first.name : null
  namespace           = local.single ? local.first.namespace : null
  period              = local.single ? 60 : null
  statistic           = local.single ? local.statistic : null
  unit                = local.single ? local.first.unit : null

  # Several reads, or several periods: periods as they are written, those without a read as 0. Otherwise reads that have
  # left the newest period in part would ring again when they have left it all.
  dynamic "metric_query" {
    for_each = local.single ? [] : ["reads"]

    content {
      id          = "reads"
      return_data = false

      metric {
        metric_name = local.first.name
        namespace   = local.first.namespace
        period      = var.alarm.period
        stat        = local.statistic
        unit        = local.first.unit
      }
    }
  }

  dynamic "metric_query" {
    for_each = local.single ? [] : ["counted"]

    content {
      expression  = "FILL(reads, 0)"
      id          = "counted"
      label       = "Reads within ${var.alarm.period} seconds"
      return_data = true
    }
  }

  # CloudWatch takes 1,024 characters.
  alarm_description = length(local.description) <= 1024 ? local.description : local.short_description

  lifecycle {
    precondition {
      condition     = length(local.foreign) == 0
      error_message = "${var.path}secrets: this trail records account ${var.account.id}, and would miss reads of ${join(", ", local.foreign)}: deploy secretwatch in the account that owns the secret."
    }

    precondition {
      condition     = length(local.regex_patterns) <= 5
      error_message = "${var.path}secrets has ${length(local.unknown)} secrets without complete ARNs. Only regular expressions can tell a name from longer names that begin with it, and that takes ${length(local.regex_patterns)} filters with regular expressions: a log group takes 5. Write complete ARNs, let names be looked up (look_up_secrets = true), or write a prefix such as \"prod/*\"."
    }

    precondition {
      condition     = length(local.patterns) <= 100
      error_message = "${var.path}secrets has ${length(local.names)} secrets, which take ${length(local.patterns)} metric filters: a log group takes 100. Write a prefix such as \"prod/*\", or \"*\" with except, or watch some of them from another instance, with another log group."
    }
  }
}

# While the alarm is in ALARM, another read sends nothing. Reads that go on keep it there, and so do forged values.
resource "aws_cloudwatch_metric_alarm" "stuck" {
  count = var.stuck ? 1 : 0

  alarm_actions       = var.topic_arns
  alarm_name          = "${var.name}-stuck"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  datapoints_to_alarm = local.stuck_datapoints
  evaluation_periods  = local.stuck_periods
  metric_name         = local.first.name
  namespace           = local.first.namespace
  period              = var.alarm.period
  statistic           = local.statistic
  tags                = var.tags
  threshold           = var.alarm.threshold
  treat_missing_data  = "notBreaching"
  unit                = local.first.unit

  alarm_description = <<-EOT
    The alarm ${var.name} had enough reads to ring in ${local.stuck_datapoints} of the last ${local.stuck_periods} periods of ${var.alarm.period} seconds, so it stayed in ALARM all the time. Either reads go on, or somebody writes forged values into its metric ${local.first.name}. While it is in ALARM, new reads send no message.
    Look for reads with the query of that alarm: ${trimprefix(local.instruction, "Who? ")}. If they are expected, leave out their callers (except).
    If there are no reads, the values are forged. CloudTrail does not record such calls, so find out who may call cloudwatch:PutMetricData, and deny it. This alarm ends when the values end.
  EOT
}

locals {
  # For a single read the largest value says it, which no other value lowers; of several, how many there are, to which any
  # other value only adds.
  single    = var.alarm.threshold == 1 && var.alarm.evaluation_periods == 1
  statistic = var.alarm.threshold == 1 ? "Maximum" : "SampleCount"

  # An hour, or two periods where they are longer.
  stuck_periods = max(2, ceil(3600 / var.alarm.period))

  # If CloudWatch looks back, one value holds the alarm for two minutes more than a period: so many periods have one then.
  stuck_datapoints = max(2, floor(local.stuck_periods * var.alarm.period / (var.alarm.period + 120)))

  # By way of a filter: the alarm comes after all of them, and old ones go after the alarm.
  first = values(aws_cloudwatch_log_metric_filter.dealt)[0].metric_transformation[0]

  foreign = var.organization ? [] : [for secret in var.secrets : secret if startswith(secret, "arn:") && try(split(":", secret)[4], "") != var.account.id]

  # With both names of which one may be meant.
  told  = sort(distinct(concat(local.names, [for known in local.meant : known.end if known.second == "by expressions" ? can(regex(local.word, known.suffix)) : false])))
  what  = local.is_all ? "any secret" : join(", ", concat(local.told, [for prefix in local.prefixes : "${prefix}*"]))
  count = length(local.names) + length(local.prefixes)
  happened = var.decoys ? "Somebody touched a decoy, a secret that nobody has a reason to touch" : {
    any     = "Somebody used a watched secret, or tried"
    denied  = "Somebody was denied a watched secret"
    success = "Somebody used a watched secret"
  }[var.outcome]
  calls = join(", ", sort(var.events))

  # Who: a little wider than the filter (siblings show up too), so that it is short enough to be read in an e-mail.
  logs_insights_query = join("\n", concat(
    [
      "fields @timestamp, eventName, userIdentity.arn, userIdentity.invokedBy, sourceIPAddress, userAgent, requestParameters.secretId, errorCode",
      local.touches
      ? "| filter eventSource = \"secretsmanager.amazonaws.com\" and eventName not like /^(${join("|", setsubtract(local.about_none, ["ListSecrets"]))})$/"
      : "| filter eventSource = \"secretsmanager.amazonaws.com\" and eventName like /^(${replace(join("|", local.events), "*", ".*")})$/",
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
  conclusion   = var.decoys ? "Nobody has a reason to do that: disable the identity's credentials, then see what else they did." : "Not expected? Disable the identity's credentials, then rotate the secret."

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
