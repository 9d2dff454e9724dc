output "arn" {
  description = "ARN of the trail."
  value       = aws_cloudtrail.this.arn
}

output "bucket_name" {
  description = "Name of the bucket that keeps the log files."
  value       = local.bucket_name
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts log files and log group."
  value       = local.kms_key_arn
}

output "log_group_arn" {
  description = "ARN of the log group, without a trailing :*."
  value       = aws_cloudwatch_log_group.this.arn
}

output "log_group_name" {
  description = "Name of the log group that receives the events."
  value       = aws_cloudwatch_log_group.this.name
}

output "name" {
  description = "Name of the trail."
  value       = aws_cloudtrail.this.name
}

output "notifications_topic_arn" {
  description = "Topic that gets a message for each log file; null without one."
  value       = one(values(local.notifications_topic_arn))
}

output "policy_statements" {
  description = "Statements that the policies of a given bucket, key and topic need for CloudTrail."
  value = {
    bucket              = [for statement in local.bucket_policy_statements : statement if !local.owns_bucket]
    key                 = [for statement in local.key_policy_statements : statement if !local.owns_key]
    notifications_topic = [for statement in local.notifications_policy_statements : statement if !local.owns_notifications_topic]
  }
}

output "role_name" {
  description = "Role that carries events into the log group."
  value       = aws_iam_role.this.name
}
