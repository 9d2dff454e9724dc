output "arn" {
  description = "ARN of the trail."
  value       = aws_cloudtrail.this.arn
}

output "bucket_name" {
  description = "Name of the bucket that keeps the log files."
  value       = aws_s3_bucket.this.bucket
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts log files and log group."
  value       = aws_kms_key.this.arn
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
