# A secret that nobody has a reason to touch, so that whoever does is out of place. Nothing about it says so: it has the name,
# description, tags and value that it is given, AWS's own key as most secrets have, or the one that its neighbours have, and no
# policy.

data "aws_region" "neighbours" {}

resource "aws_secretsmanager_secret" "this" {
  # checkov:skip=CKV_AWS_149:It has the key of its neighbours, which is AWS's own unless one is given
  # checkov:skip=CKV2_AWS_57:It opens nothing, so that there is nothing to rotate
  description             = var.description
  kms_key_id              = try(var.kms_key.arn, null)
  name                    = var.name
  recovery_window_in_days = var.recovery_window_in_days
  tags                    = var.tags
}

# Made anew in each run, and written in the one that creates the secret or raises value_version.
ephemeral "aws_secretsmanager_random_password" "this" {
  count = local.is_random ? 1 : 0

  exclude_punctuation = true
  password_length     = 32
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id                = aws_secretsmanager_secret.this.id
  secret_string_wo         = local.is_random ? replace(var.value, "{random}", ephemeral.aws_secretsmanager_random_password.this[0].random_password) : var.value
  secret_string_wo_version = var.value_version
}

locals {
  is_random = strcontains(var.value, "{random}")
}
