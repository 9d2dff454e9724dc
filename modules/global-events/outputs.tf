output "role_name" {
  description = "Role that sends the events."
  value       = local.roles.changes

  depends_on = [aws_iam_role_policy.sender]
}

# Written out, so that an instance of the same apply knows it in its plan.
output "rule_arn" {
  description = "ARN of the rule that sends changes, for the instance's self_watch.global_events."
  value       = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${local.rule_names.changes}"

  depends_on = [aws_cloudwatch_event_target.sender]
}
