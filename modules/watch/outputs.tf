output "alarm_arn" {
  description = "ARN of the alarm."
  value       = aws_cloudwatch_metric_alarm.this.arn
}

output "alarm_name" {
  description = "Name of the alarm."
  value       = aws_cloudwatch_metric_alarm.this.alarm_name
}

output "filter_pattern" {
  description = "What counts as a read, in CloudWatch Logs' pattern language."
  value       = aws_cloudwatch_log_metric_filter.this.pattern
}

output "logs_insights_query" {
  description = "Logs Insights query that shows who read."
  value       = local.logs_insights_query
}

output "metric_filter_name" {
  description = "Name of the metric filter."
  value       = aws_cloudwatch_log_metric_filter.this.name
}

output "metric_name" {
  description = "Name of the metric that counts reads."
  value       = aws_cloudwatch_log_metric_filter.this.metric_transformation[0].name
}

output "metric_namespace" {
  description = "Namespace of the metric."
  value       = aws_cloudwatch_log_metric_filter.this.metric_transformation[0].namespace
}
