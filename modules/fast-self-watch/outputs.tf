output "rule_names" {
  description = "Names of the rules, by the part that they are on."
  value       = { for key, rule in aws_cloudwatch_event_rule.this : key => rule.name }
}

output "topic_arns" {
  description = "ARNs of the topics that the rules publish to."
  value       = values(var.topic_arns)
}
