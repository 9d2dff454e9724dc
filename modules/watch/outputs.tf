output "alarm_arn" {
  description = "ARN of the alarm."
  value       = aws_cloudwatch_metric_alarm.this.arn
}

output "alarm_arns" {
  description = "ARNs of the alarm and of the one that tells that it does not end."
  value       = concat([aws_cloudwatch_metric_alarm.this.arn], aws_cloudwatch_metric_alarm.stuck[*].arn)
}

output "alarm_name" {
  description = "Name of the alarm."
  value       = aws_cloudwatch_metric_alarm.this.alarm_name
}

output "definition" {
  description = "Definition of the watch, so that another engine can decide alike."
  value = {
    about_none     = local.about_none
    all            = local.is_all
    batch_is_exact = local.batch_is_exact
    common_start   = local.common_start
    decoys         = var.decoys
    events         = local.events
    except         = local.except
    except_denied  = var.except_denied
    exceptions     = length(var.except)
    known          = [for known in local.meant : { account = known.account, name = known.name, second = known.second, suffix = known.suffix }]
    outcome        = var.outcome
    path           = var.path
    names          = local.names
    prefixes       = local.prefixes
    touches        = local.touches
    unknown        = local.unknown
  }
}

output "filter_keys" {
  description = "Ends of the names of the metric filters, after the metric's name and a hyphen."
  value       = keys(local.patterns)
}

output "filter_patterns" {
  description = "All filter patterns of the watch, in CloudWatch Logs' pattern language: an event counts if any of them matches."
  value       = values(local.patterns)
}

output "logs_insights_query" {
  description = "Logs Insights query that shows who read."
  value       = local.logs_insights_query
}

output "metric_filter_names" {
  description = "Names of the metric filters."
  value       = values(aws_cloudwatch_log_metric_filter.dealt)[*].name
}

output "regular_expressions" {
  description = "How many of the metric filters hold regular expressions: a log group takes five."
  value       = length(local.regex_patterns)
}

output "stuck_alarm_name" {
  description = "Alarm that rings when the alarm does not end; null when there is none."
  value       = one(aws_cloudwatch_metric_alarm.stuck[*].alarm_name)
}
