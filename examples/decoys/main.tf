# Two secrets that nobody has a reason to touch: whoever does is told of within seconds, and by an alarm minutes later.

variable "deployer_arn" {
  description = "The role that applies this: Terraform looks at the decoys in every plan."
  type        = string
}

variable "email_address" {
  default     = "ops@example.com"
  description = "Gets the message and the alarm. AWS sends a link first, which has to be followed."
  type        = string
}

module "decoy" {
  source = "../../modules/decoy"
  for_each = {
    "prod/billing/database" = {
      description = "Billing database, read-write"
      value       = jsonencode({ host = "billing.cluster-cx0.internal", password = "{random}", port = 5432, username = "billing_rw" })
    }
    "prod/stripe-live" = { description = null, value = "sk_live_{random}" }
  }

  description = each.value.description
  name        = each.key
  tags        = { service = split("/", each.key)[1] }
  value       = each.value.value

  # Made to be destroyed, and then gone: leave this out.
  recovery_window_in_days = 0
}

module "secretwatch" {
  source = "../.."

  email_addresses             = [var.email_address]
  kms_deletion_window_in_days = 7
  name                        = "decoys"

  decoys = {
    arns   = { for name, decoy in module.decoy : name => decoy.arn }
    except = [var.deployer_arn]
  }

  # Made to be destroyed, and then gone.
  trail = { bucket_expiration_in_days = 0, bucket_force_destroy = true }
}

output "watch" {
  description = "What `secretwatch smoke` follows, and a link to the alarm."
  value       = module.secretwatch.watch
}
