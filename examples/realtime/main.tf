# A message within seconds that says who read which secret, from where and whether it was allowed; the alarm
# follows within minutes, and counts. The application's own role reads in silence, unless it is denied.

variable "application_role_arn" {
  default     = null
  description = "Role that reads the secret for its daily work."
  type        = string
}

variable "email_address" {
  default     = "ops@example.com"
  description = "Gets message and alarm. AWS sends a link first, which has to be followed."
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
  name                        = "realtime"
  secret_value                = var.secret_value

  watches = {
    coffee = {
      except   = compact([var.application_role_arn])
      realtime = true
      secrets  = ["TopSecretInfo"]
    }
  }

  # Made to be destroyed, and then gone. Leave out all but the name where secrets and evidence matter.
  secret = { name = "TopSecretInfo", recovery_window_in_days = 0 }
  trail  = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
}

output "watch" {
  description = "What `secretwatch smoke` follows, and a link to the alarm."
  value       = module.secretwatch.watch
}
