# The account has a trail already, as most have: watch what it delivers, and pay for no second one.
# A plan warns when the trail is stopped, records no reads, or delivers elsewhere.

variable "email_address" {
  default     = "ops@example.com"
  description = "Gets the alarm. AWS sends a link first, which has to be followed."
  type        = string
}

variable "log_group_name" {
  description = "Log group that the trail delivers to."
  type        = string
}

variable "trail_arn" {
  description = "ARN of the trail: aws cloudtrail describe-trails."
  type        = string
}

module "secretwatch" {
  source = "../.."

  email_addresses             = [var.email_address]
  kms_deletion_window_in_days = 7
  name                        = "adopted"
  secrets                     = ["payments/*"]

  trail = { existing = { arn = var.trail_arn, log_group_name = var.log_group_name } }
}

output "watch" {
  description = "What `secretwatch smoke` follows, and a link to the alarm."
  value       = module.secretwatch.watch
}
