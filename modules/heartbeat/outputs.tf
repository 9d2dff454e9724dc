output "alarm_arn" {
  description = "ARN of the alarm."
  value       = aws_cloudwatch_metric_alarm.this.arn
}

output "alarm_name" {
  description = "Alarm that rings when no heartbeat is counted."
  value       = aws_cloudwatch_metric_alarm.this.alarm_name
}

output "minutes" {
  description = "Minutes without a heartbeat after which the alarm rings."
  value       = local.periods * 5
}

output "secret_arn" {
  description = "ARN of the secret that is read."
  value       = aws_secretsmanager_secret.this.arn
}

output "state_machine_arn" {
  description = "ARN of the state machine that reads."
  value       = aws_sfn_state_machine.this.arn
}
