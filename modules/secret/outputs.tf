output "arn" {
  description = "ARN of the secret."
  value       = aws_secretsmanager_secret.this.arn
}

output "name" {
  description = "Name of the secret."
  value       = aws_secretsmanager_secret.this.name
}

output "version_id" {
  description = "Version of the value that was written, and read back by Terraform; null when somebody else writes it."
  value       = one(aws_secretsmanager_secret_version.this[*].version_id)
}
