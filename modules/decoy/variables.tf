variable "description" {
  default     = null
  description = "Description of the secret, as others have it."
  type        = string

  validation {
    condition     = try(length(var.description), 0) <= 2048
    error_message = "description has ${try(length(var.description), 0)} characters: Secrets Manager takes 2048."
  }
}

variable "kms_key" {
  default     = null
  description = "A key of yours, if similar secrets have one; AWS's own key by default."
  type        = object({ arn = string })

  validation {
    condition     = var.kms_key == null ? true : can(regex("^arn:[a-z-]+:kms:${data.aws_region.neighbours.id}:[0-9]{12}:(key/[A-Za-z0-9-]+|alias/[A-Za-z0-9/_-]+)$", var.kms_key.arn))
    error_message = "kms_key.arn is \"${try(coalesce(var.kms_key.arn), "")}\": write the whole ARN of a key in ${data.aws_region.neighbours.id}, where the secret is, such as arn:aws:kms:${data.aws_region.neighbours.id}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab, or leave kms_key out for AWS's own."
  }
}

variable "name" {
  description = "Name of the secret."
  nullable    = false
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9/_+=.@-]+$", var.name)) && length(var.name) <= 512
    error_message = "name is \"${var.name}\": write at most 512 letters, digits and /_+=.@-, as your other secrets are called."
  }

  # An ARN of such a name could be another secret's: https://docs.aws.amazon.com/secretsmanager/latest/userguide/getting-started.html
  validation {
    condition     = !can(regex("-[A-Za-z0-9]{6}$", var.name))
    error_message = "name is \"${var.name}\", which ends in a hyphen and six characters like an ARN, so its ARN could not be told from another secret's: write another name."
  }
}

variable "recovery_window_in_days" {
  default     = 30
  description = "Days in which the deleted secret can be restored; 0 deletes at once."
  nullable    = false
  type        = number

  validation {
    condition     = contains(concat([0], range(7, 31)), var.recovery_window_in_days)
    error_message = "recovery_window_in_days is ${var.recovery_window_in_days}: Secrets Manager takes 7 to 30 days, or 0 to delete at once."
  }
}

variable "tags" {
  default     = {}
  description = "Tags of the secret, as others have them."
  nullable    = false
  type        = map(string)

  # https://docs.aws.amazon.com/secretsmanager/latest/userguide/managing-secrets_tagging.html
  validation {
    condition     = length(var.tags) <= 50 && alltrue([for key, value in var.tags : can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]+$", key)) && length(key) <= 128 && !startswith(lower(key), "aws:") && (value == null ? true : can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]*$", value)) && length(value) <= 256)])
    error_message = "tags: write at most 50; keys of 1 to 128 and values of at most 256 letters, digits, spaces and _.:/=+-@; no key that begins with aws:."
  }
}

variable "value" {
  default     = "{random}"
  description = "The secret's value. Each `{random}` in it becomes 32 random letters and digits, which are in neither plan nor state."
  nullable    = false
  type        = string

  # Bytes, which are three quarters of what base64 takes; a random value is 24 longer than what stands for it.
  validation {
    condition     = var.value != "" && floor(length(replace(base64encode(var.value), "=", "")) * 3 / 4) + 24 * (length(split("{random}", var.value)) - 1) <= 65536
    error_message = "value is empty or too long: Secrets Manager takes 1 to 65536 bytes. Leave it out for a random one."
  }
}

variable "value_version" {
  default     = 1
  description = "Raise it to write the value anew."
  nullable    = false
  type        = number

  validation {
    condition     = var.value_version >= 1 && var.value_version < 1000000000 && floor(var.value_version) == var.value_version
    error_message = "value_version is ${format("%g", var.value_version)}: write a whole number, 1 at first and one more for each new value."
  }
}
