# A secret, and what keeps it private. Its value passes through on its way to Secrets Manager and
# stays in neither plan nor state. Who reads it is the business of trail and watch.

locals {
  root_arn = "arn:${var.account.partition}:iam::${var.account.id}:root"
}

resource "aws_secretsmanager_secret" "this" {
  # checkov:skip=CKV2_AWS_57:How a value is rotated depends on what it opens; a rotation can be attached to the secret's ARN
  description             = var.description
  kms_key_id              = var.kms_key == null ? aws_kms_key.this[0].arn : var.kms_key.arn
  name                    = var.name
  recovery_window_in_days = var.recovery_window_in_days
  tags                    = var.tags
}

resource "aws_secretsmanager_secret_version" "this" {
  count = var.value_version == 0 ? 0 : 1

  secret_id                = aws_secretsmanager_secret.this.id
  secret_string_wo         = var.value
  secret_string_wo_version = var.value_version
}

resource "aws_secretsmanager_secret_policy" "this" {
  block_public_policy = true
  secret_arn          = aws_secretsmanager_secret.this.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyOtherAccounts"
      Effect    = "Deny"
      Principal = { AWS = "*" }
      Action    = "secretsmanager:*"
      Resource  = "*"
      Condition = {
        # Services that act for this account carry no account of their own.
        Bool            = { "aws:PrincipalIsAWSService" = "false" }
        StringNotEquals = { "aws:PrincipalAccount" = var.account.id }
      }
    }]
  })
}

################################################################################
# Key
################################################################################

resource "aws_kms_key" "this" {
  count = var.kms_key == null ? 1 : 0

  deletion_window_in_days = var.kms_deletion_window_in_days
  description             = "Secret ${var.name}"
  enable_key_rotation     = true
  tags                    = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AdministeredThroughIam"
        Effect    = "Allow"
        Principal = { AWS = local.root_arn }
        Action    = "kms:*"
        Resource  = "*"
      },
      # As on AWS's own key for Secrets Manager: who may use the secret may use the key, but only through the secret.
      {
        Sid       = "UsedThroughSecretsManager"
        Effect    = "Allow"
        Principal = { AWS = "*" }
        Action    = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = {
          StringEquals = {
            "kms:CallerAccount" = var.account.id
            # Which of the two it is in China AWS does not say.
            "kms:ViaService" = distinct(["secretsmanager.${var.account.region}.amazonaws.com", "secretsmanager.${var.account.region}.${var.account.dns_suffix}"])
          }
        }
      },
    ]
  })
}

# No alias: secret names may hold characters that aliases may not.
