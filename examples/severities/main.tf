# Not every event wakes somebody up: reads of production's secrets page, denied attempts on any secret and
# changes go to a topic that is read in the morning.

variable "morning_address" {
  default     = "security@example.com"
  description = "Reads in the morning."
  type        = string
}

variable "pager_address" {
  default     = "pager@example.com"
  description = "Wakes somebody up."
  type        = string
}

module "secretwatch" {
  source = "../.."

  dashboard                   = true
  kms_deletion_window_in_days = 7
  name                        = "severities"

  topics = {
    morning = { email_addresses = [var.morning_address] }
    pager   = { email_addresses = [var.pager_address] }
  }

  watches = {
    production = {
      alarm   = { ok_actions = true }
      outcome = "success"
      secrets = ["production/*"]
      topics  = ["pager"]
    }
    denied = {
      alarm   = { threshold = 3 }
      outcome = "denied"
      secrets = ["*"]
      topics  = ["morning"]
    }
    changes = {
      events  = ["changes"]
      secrets = ["production/*"]
      topics  = ["morning"]
    }
  }

  # Made to be destroyed, and then gone.
  trail = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
}

output "watch" {
  description = "The first watch by name that a read rings, as `secretwatch smoke` takes it."
  value       = module.secretwatch.watch
}

output "watches" {
  description = "All of them."
  value       = module.secretwatch.watches
}
