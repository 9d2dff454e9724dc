output "alarm_names" {
  description = "Names of the alarms on messages that could not be delivered."
  value       = local.failure_alarms
}

output "dead_letter_queue_url" {
  description = "Queue that keeps what could not be delivered."
  value       = aws_sqs_queue.undelivered.url
}

output "event_patterns" {
  description = "What counts, in EventBridge's language: any of these."
  value       = [for pattern in values(local.patterns) : pattern.pattern]
}

output "rule_keys" {
  description = "Ends of the names of the rules, after the watch's name and a hyphen."
  value       = values(local.rule_keys)
}

output "rule_names" {
  description = "Names of the rules."
  value       = sort(values(local.rule_names))
}

output "rule_arns" {
  description = "ARNs of the rules, handed out once they have their targets."
  value       = values(aws_cloudwatch_event_rule.this)[*].arn

  # What is waited for with the rules is made before the trail records: no first apply tells of itself.
  depends_on = [aws_cloudwatch_event_target.this, aws_cloudwatch_metric_alarm.failed]
}

output "topic_arns" {
  description = "Topics that get the message."
  value       = values(var.topic_arns)
}
