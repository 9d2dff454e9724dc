variable "alarm" {
  default     = {}
  description = "When counted reads become an alarm: as many as `threshold` within `period` seconds. Names and meanings are CloudWatch's own."
  nullable    = false
  type = object({
    datapoints_to_alarm = optional(number)
    evaluation_periods  = optional(number, 1)
    period              = optional(number, 300)
    statistic           = optional(string, "Sum")
    threshold           = optional(number, 1)
    treat_missing_data  = optional(string, "notBreaching")
  })

  validation {
    condition = var.alarm.statistic == "Sum"
    error_message = "alarm.statistic is ${var.alarm.statistic}, which is wrong for a count: ${lookup({
      Average     = "each minute with other events and no read is a 0, so one read in five such minutes averages 0.2 and never reaches the threshold"
      Maximum     = "each read is a 1, so it stays 1 however many reads there are"
      Minimum     = "one minute with other events and no read is a 0, and hides every read"
      SampleCount = "each minute with other events and no read is a sample too, so it rings without any read"
    }, var.alarm.statistic, "only a sum says how many reads there were")}. Write \"Sum\"."
  }

  validation {
    condition     = var.alarm.period >= 60 && var.alarm.period % 60 == 0
    error_message = "alarm.period is ${var.alarm.period}: metrics from logs have one value a minute, so write a multiple of 60 seconds, such as 300."
  }

  validation {
    condition     = var.alarm.evaluation_periods >= 1 && floor(var.alarm.evaluation_periods) == var.alarm.evaluation_periods
    error_message = "alarm.evaluation_periods is ${var.alarm.evaluation_periods}: write a whole number of periods, 1 or more."
  }

  validation {
    condition     = var.alarm.period * var.alarm.evaluation_periods <= 86400
    error_message = "alarm.period times alarm.evaluation_periods is ${var.alarm.period * var.alarm.evaluation_periods} seconds: CloudWatch looks back one day, so write at most 86400."
  }

  validation {
    condition = var.alarm.datapoints_to_alarm == null ? true : (
      var.alarm.datapoints_to_alarm >= 1 &&
      var.alarm.datapoints_to_alarm <= var.alarm.evaluation_periods &&
      floor(var.alarm.datapoints_to_alarm) == var.alarm.datapoints_to_alarm
    )
    error_message = "alarm.datapoints_to_alarm is ${coalesce(var.alarm.datapoints_to_alarm, 0)}: write a whole number from 1 to alarm.evaluation_periods (${var.alarm.evaluation_periods}), or leave it out."
  }

  validation {
    condition     = var.alarm.threshold >= 1
    error_message = "alarm.threshold is ${var.alarm.threshold}: with less than 1 the alarm rings without a read. Write the number of reads that should ring, such as 1."
  }

  validation {
    condition     = contains(["breaching", "ignore", "missing", "notBreaching"], var.alarm.treat_missing_data)
    error_message = "alarm.treat_missing_data is ${var.alarm.treat_missing_data}: write notBreaching (silence is no read), or breaching, ignore or missing."
  }
}

variable "email_addresses" {
  description = "Addresses that get an e-mail when the alarm rings; each has to follow the link in AWS's first e-mail. Empty when something else subscribes to the topic."
  nullable    = false
  type        = set(string)

  validation {
    condition     = alltrue([for address in var.email_addresses : can(regex("^[^@\\s,;:<>()\"]+@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{2,}$", address))])
    error_message = "email_addresses holds ${join(", ", [for address in var.email_addresses : "\"${address}\"" if !can(regex("^[^@\\s,;:<>()\"]+@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{2,}$", address))])}: write bare addresses such as ops@example.com."
  }
}

variable "kms_deletion_window_in_days" {
  default     = 30
  description = "Days in which the keys can be restored after destroying: what they encrypted is lost with them."
  nullable    = false
  type        = number

  validation {
    condition     = contains(range(7, 31), var.kms_deletion_window_in_days)
    error_message = "kms_deletion_window_in_days is ${var.kms_deletion_window_in_days}: KMS takes 7 to 30 days."
  }
}

variable "name" {
  default     = "secretwatch"
  description = "Name of this instance: everything it creates is named after it, so that two can live side by side."
  nullable    = false
  type        = string

  validation {
    condition     = length(var.name) >= 3 && length(var.name) <= 32 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name))
    error_message = "name is \"${var.name}\": a bucket is named after it, so write 3 to 32 lower-case letters, digits and single hyphens, beginning with a letter."
  }
}

variable "secret" {
  default     = null
  description = "A secret to create, and to watch from birth. `value_version` is raised to write `secret_value` anew; 0 leaves writing it to somebody else."
  type = object({
    description             = optional(string, "Every read of this secret raises an alarm.")
    kms_key                 = optional(object({ arn = string }))
    name                    = string
    recovery_window_in_days = optional(number, 30)
    value_version           = optional(number, 1)
  })

  validation {
    condition     = var.secret == null ? true : can(regex("^[A-Za-z0-9/_+=.@-]{1,512}$", var.secret.name))
    error_message = "secret.name is \"${try(var.secret.name, "")}\": write letters, digits and /_+=.@- only."
  }

  validation {
    condition     = var.secret == null ? true : var.secret.value_version >= 0 && floor(var.secret.value_version) == var.secret.value_version
    error_message = "secret.value_version is ${try(var.secret.value_version, 0)}: write a whole number, 1 at first and one more for each new value, or 0 when somebody else writes the value."
  }

  validation {
    condition     = var.secret == null ? true : contains(concat([0], range(7, 31)), var.secret.recovery_window_in_days)
    error_message = "secret.recovery_window_in_days is ${try(var.secret.recovery_window_in_days, 0)}: Secrets Manager takes 7 to 30 days, or 0 to delete at once."
  }
}

variable "secret_value" {
  default     = null
  description = "Value of `secret`: sent to Secrets Manager, kept in neither plan nor state. Best passed as TF_VAR_secret_value."
  ephemeral   = true
  sensitive   = true
  type        = string

  validation {
    condition     = try(var.secret.value_version, 0) == 0 || var.secret_value != null
    error_message = "secret_value is missing: pass it (TF_VAR_secret_value keeps it out of files), or write secret.value_version = 0 when somebody else writes the value."
  }
}

variable "secrets" {
  default     = []
  description = "Names or complete ARNs of existing secrets of this account to watch, in any region."
  nullable    = false
  type        = set(string)

  validation {
    condition     = var.secret != null || length(var.secrets) > 0
    error_message = "Nothing to watch: write names or ARNs of existing secrets in secrets, or describe a new one in secret."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : can(regex("^(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+-[A-Za-z0-9]{6}|[A-Za-z0-9/_+=.@!-]{1,512})$", secret))])
    error_message = "secrets holds ${join(", ", [for secret in var.secrets : "\"${secret}\"" if !can(regex("^(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+-[A-Za-z0-9]{6}|[A-Za-z0-9/_+=.@!-]{1,512})$", secret))])}: write a secret's name, or its whole ARN with the six characters at its end."
  }
}

variable "tags" {
  default     = {}
  description = "Tags of every resource that can have them."
  nullable    = false
  type        = map(string)
}

variable "trail" {
  default     = {}
  description = "How long events are kept: in the bucket (evidence; 0 keeps it for good) and in the log group (for searching). `bucket_force_destroy` lets destroy delete the evidence."
  nullable    = false
  type = object({
    bucket_expiration_in_days = optional(number, 365)
    bucket_force_destroy      = optional(bool, false)
    log_retention_in_days     = optional(number, 90)
  })

  validation {
    condition     = var.trail.bucket_expiration_in_days >= 0 && floor(var.trail.bucket_expiration_in_days) == var.trail.bucket_expiration_in_days
    error_message = "trail.bucket_expiration_in_days is ${var.trail.bucket_expiration_in_days}: write a whole number of days, or 0 to keep log files for good."
  }

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.trail.log_retention_in_days)
    error_message = "trail.log_retention_in_days is ${var.trail.log_retention_in_days}: CloudWatch Logs knows 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 and 3653 days."
  }
}
