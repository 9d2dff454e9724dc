output "kms_key_arn" {
  description = "ARN of the key that encrypts the topics; null when all are somebody else's."
  value       = local.kms_key_arn
}

output "names" {
  description = "Names of the topics that are created here."
  value       = local.names
}

output "policy_statements" {
  description = "Statements that the policies of given topics and a given key need for CloudWatch and EventBridge."
  value = {
    key    = [for statement in local.key_policy_statements : statement if !local.owns_key]
    topics = { for key, statements in local.topic_policy_statements : key => statements if !contains(keys(local.owned), key) }
  }
}

output "topic_arns" {
  description = "ARNs of the topics, handed out once their policies let alarms publish."
  value       = local.arns

  depends_on = [aws_sns_topic.this, aws_sns_topic_policy.this]
}
