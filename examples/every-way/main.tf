# Every way to be told at once: e-mail, a pager, a channel of Slack's, a message within seconds, details that say who, a dashboard
# to look at, and decoys beside the secrets that are watched.

variable "deployer_arn" {
  description = "The role that applies this: Terraform looks at the decoys in every plan."
  type        = string
}

variable "email_address" {
  default     = "ops@example.com"
  description = "Gets alarms, messages and details. AWS sends a link first, which has to be followed."
  type        = string
}

variable "pager_url" {
  description = "Address of a pager's integration for Amazon SNS, which is a secret: whoever has it can page you."
  sensitive   = true
  type        = string
}

variable "slack_channel_id" {
  description = "The end of the channel's link."
  type        = string
}

variable "slack_workspace_id" {
  description = "A workspace that somebody has authorised in AWS's console (docs/chat.md)."
  type        = string
}

module "decoy" {
  source   = "../../modules/decoy"
  for_each = toset(["payments/admin", "payments/zero-trust"])

  name = each.key
  tags = { service = "payments" }

  # Made to be destroyed, and then gone: leave this out.
  recovery_window_in_days = 0
}

module "secretwatch" {
  source = "../.."

  dashboard                   = true
  kms_deletion_window_in_days = 7
  look_up_secrets             = true
  name                        = "every-way"

  decoys = {
    arns   = { for name, decoy in module.decoy : name => decoy.arn }
    except = [var.deployer_arn]
  }

  # A channel and people read different messages: each has a topic of its own.
  topics = {
    people = { email_addresses = [var.email_address], endpoints = { pager = { url = var.pager_url } } }
    talk   = { chat = { slack = { channel_id = var.slack_channel_id, workspace_id = var.slack_workspace_id } } }
  }

  # An existing secret.
  watches = {
    database = { details = true, realtime = true, secrets = ["payments/database"] }
  }

  # Made to be destroyed, and then gone.
  trail = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
}

output "watch" {
  description = "What `secretwatch smoke` follows, and a link to the alarm."
  value       = module.secretwatch.watch
}

output "watches" {
  description = "All watches, by name, as `secretwatch drill` takes them."
  value       = module.secretwatch.watches
}

output "dashboard_url" {
  description = "Link to the dashboard."
  value       = module.secretwatch.dashboard_url
}
