output "arn" {
  description = "ARN of the secret, handed out once its value was written: what comes after it sees nothing of that."
  value       = aws_secretsmanager_secret.this.arn

  depends_on = [aws_secretsmanager_secret_version.this]
}
