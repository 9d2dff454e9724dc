output "log_group_arn" {
  description = "ARN of the log group, without a trailing :*."
  value       = "arn:${var.account.partition}:logs:${var.account.region}:${var.account.id}:log-group:${var.log_group_name}"
}

output "log_group_name" {
  description = "Name of the log group, handed out once it is known to be there."
  value       = var.log_group_name

  depends_on = [data.aws_cloudwatch_log_groups.this]
}

output "name" {
  description = "Name of the trail."
  value       = local.name
}

output "arn" {
  description = "ARN of the trail."
  value       = var.arn
}

output "bucket_name" {
  description = "Bucket of the trail; - where the trail was not looked at."
  value       = try(local.trail.S3BucketName, "-")
}

output "kms_key_arn" {
  description = "Key of the trail, by whatever name it has it; - without one, and where the trail was not looked at."
  value       = try(local.trail.KMSKeyId, "-")
}

output "role_arn" {
  description = "ARN of the role that carries events into the log group; null where the trail was not looked at."
  value       = try(local.trail.CloudWatchLogsRoleArn, null)
}

output "role_name" {
  description = "Role that carries events into the log group; - where the trail was not looked at."
  value       = try(reverse(split("/", local.trail.CloudWatchLogsRoleArn))[0], "-")
}
