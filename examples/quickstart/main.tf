# A secret that rings when it is read: terraform apply, confirm the e-mail, read the secret.

variable "email_address" {
  default     = "ops@example.com"
  description = "Gets the alarm. AWS sends a link first, which has to be followed."
  type        = string
}

variable "secret_value" {
  default     = "we need 3 coffees a day to function"
  description = "Value of the secret."
  ephemeral   = true
  sensitive   = true
  type        = string
}

module "secretwatch" {
  source = "../.."

  email_addresses             = [var.email_address]
  kms_deletion_window_in_days = 7
  name                        = "quickstart"
  secret_value                = var.secret_value

  # Made to be destroyed, and then gone. Leave out all but the name where secrets and evidence matter.
  secret = { name = "TopSecretInfo", recovery_window_in_days = 0 }
  trail  = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
}

output "watch" {
  description = "What `secretwatch smoke` follows, and a link to the alarm."
  value       = module.secretwatch.watch
}
