output "alarm_arns" {
  description = "ARNs of all these alarms."
  value       = concat(aws_cloudwatch_metric_alarm.tampering[*].arn, aws_cloudwatch_metric_alarm.blind[*].arn, values(aws_cloudwatch_metric_alarm.undelivered)[*].arn)
}

output "blind_alarm_name" {
  description = "Alarm that rings when no events arrive; null when there is none."
  value       = one(aws_cloudwatch_metric_alarm.blind[*].alarm_name)
}

output "metric_filters" {
  description = "How many metric filters these are."
  value       = var.tampering ? length(local.patterns) : 0
}

output "tamper_alarm_name" {
  description = "Alarm that rings when the instance is changed; null when there is none."
  value       = one(aws_cloudwatch_metric_alarm.tampering[*].alarm_name)
}

output "watched_alarm_names" {
  description = "Names of all alarms of the instance."
  value       = local.all_alarm_names
}
