# Hundreds of secrets: all that carry a tag. A plan reads their ARNs, and deals them out to as many metric
# filters as it takes; apply again when secrets came or went. A prefix or "*" needs neither.

variable "email_address" {
  default     = "ops@example.com"
  description = "Gets the alarm. AWS sends a link first, which has to be followed."
  type        = string
}

data "aws_secretsmanager_secrets" "watched" {
  filter {
    name   = "tag-key"
    values = ["watched"]
  }
}

module "secretwatch" {
  source = "../.."

  email_addresses             = [var.email_address]
  kms_deletion_window_in_days = 7
  name                        = "many"
  secrets                     = data.aws_secretsmanager_secrets.watched.arns

  # Made to be destroyed, and then gone.
  trail = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
}

output "watch" {
  description = "What `secretwatch smoke` follows, and a link to the alarm."
  value       = module.secretwatch.watch
}
