# This module as somebody uses it, with a secret and a role of their own.

data "aws_caller_identity" "this" {}

resource "aws_secretsmanager_secret" "db" {
  name = "prod/db"
}

resource "aws_secretsmanager_secret_version" "db" {
  secret_id                = aws_secretsmanager_secret.db.id
  secret_string_wo         = "three coffees"
  secret_string_wo_version = 1
}

resource "aws_iam_role" "rotation" {
  name = "rotation"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "rotation" {
  role = aws_iam_role.rotation.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_secretsmanager_secret.db.arn }]
  })
}

module "secretwatch" {
  source = "../../../../"

  email_addresses = ["ops@example.com"]
  name            = "prod"
  self_watch      = { fast = false }
  trail           = { bucket_force_destroy = true }

  watches = {
    secret-read = {
      except  = ["arn:aws:iam::${data.aws_caller_identity.this.account_id}:role/rotation"]
      secrets = ["prod/db"]
    }
  }
}
