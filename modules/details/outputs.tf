output "alarm_arns" {
  description = "ARN of the alarm on details that could not be told, if there is one."
  value       = aws_cloudwatch_metric_alarm.failed[*].arn
}

output "alarm_name" {
  description = "Alarm that rings when details could not be told; null where there is none."
  value       = one(aws_cloudwatch_metric_alarm.failed[*].alarm_name)
}

output "role_arn" {
  description = "ARN of the role that reads and publishes, known in a plan."
  value       = "arn:${var.account.partition}:iam::${var.account.id}:role/${local.names.read}"
}

output "rule_arn" {
  description = "ARN of the rule that hears the watch's alarm, handed out once it has its target."
  value       = aws_cloudwatch_event_rule.this.arn

  depends_on = [aws_cloudwatch_event_target.this]
}

output "rule_name" {
  description = "Name of that rule."
  value       = aws_cloudwatch_event_rule.this.name
}

output "state_machine_arn" {
  description = "ARN of the state machine that looks up who it was."
  value       = aws_sfn_state_machine.this.arn
}
