variable "account" {
  description = "Where this is deployed: account id, partition and region."
  nullable    = false
  type = object({
    id        = string
    partition = string
    region    = string
  })
}

variable "alarm" {
  description = "How many reads raise the alarm: `threshold` of them (`statistic` is Sum) within `period` seconds, in `datapoints_to_alarm` of `evaluation_periods` such periods. main.tf deploys the alarm for that. `ok_actions`: whether the end of an alarm sends a message, too."
  nullable    = false
  type = object({
    datapoints_to_alarm = optional(number)
    evaluation_periods  = optional(number, 1)
    ok_actions          = optional(bool, false)
    period              = optional(number, 300)
    statistic           = optional(string, "Sum")
    threshold           = optional(number, 1)
    treat_missing_data  = optional(string, "notBreaching")
  })

  validation {
    condition     = var.alarm.statistic == "Sum"
    error_message = "${var.path}alarm.statistic is ${var.alarm.statistic}, which is wrong for a count: ${lookup(local.wrong_statistics, var.alarm.statistic, "only a sum says how many reads there were")}. Write \"Sum\"."
  }

  validation {
    condition     = var.alarm.period >= 60 && var.alarm.period % 60 == 0
    error_message = "${var.path}alarm.period is ${var.alarm.period}: metrics from logs have one value a minute, so write a multiple of 60 seconds, such as 300."
  }

  # CloudWatch advises against FILL of a minute that may not be counted yet, but for M of N.
  validation {
    condition     = var.alarm.period != 60 || (var.alarm.threshold == 1 && var.alarm.evaluation_periods == 1) || coalesce(var.alarm.datapoints_to_alarm, var.alarm.evaluation_periods) < var.alarm.evaluation_periods
    error_message = "${var.path}alarm.period is 60, and each of the evaluation_periods must have its reads: when CloudWatch looks, the last minute may not be counted yet, so the alarm might never ring. Write 120 or more, or datapoints_to_alarm below evaluation_periods."
  }

  validation {
    condition     = var.alarm.evaluation_periods >= 1 && floor(var.alarm.evaluation_periods) == var.alarm.evaluation_periods
    error_message = "${var.path}alarm.evaluation_periods is ${var.alarm.evaluation_periods}: write a whole number of periods, 1 or more."
  }

  validation {
    condition     = var.alarm.period * var.alarm.evaluation_periods <= 86400
    error_message = "${var.path}alarm.period times alarm.evaluation_periods is ${var.alarm.period * var.alarm.evaluation_periods} seconds: CloudWatch looks back one day, so write at most 86400."
  }

  validation {
    condition     = var.alarm.datapoints_to_alarm == null ? true : var.alarm.datapoints_to_alarm >= 1 && var.alarm.datapoints_to_alarm <= max(1, var.alarm.evaluation_periods) && floor(var.alarm.datapoints_to_alarm) == var.alarm.datapoints_to_alarm
    error_message = "${var.path}alarm.datapoints_to_alarm is ${coalesce(var.alarm.datapoints_to_alarm, 0)}: write a whole number from 1 to alarm.evaluation_periods (${var.alarm.evaluation_periods}), or leave it out."
  }

  validation {
    condition     = var.alarm.threshold >= 1
    error_message = "${var.path}alarm.threshold is ${var.alarm.threshold}: with less than 1 the alarm rings without a read. Write the number of reads that should ring, such as 1."
  }

  # A quota of each account in each region, of which there are fewer than 50; an organisation has at most 50000 accounts:
  # https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
  validation {
    condition     = var.alarm.threshold <= 10000 * 50 * max(60, var.alarm.period) * (var.organization ? 50000 : 1)
    error_message = "${var.path}alarm.threshold is ${format("%g", var.alarm.threshold)}, more reads than Secrets Manager answers in ${var.alarm.period} seconds (10000 a second in each region), so the alarm could never ring. Write the number of reads that should ring, such as 1."
  }

  validation {
    condition     = contains(["breaching", "ignore", "missing", "notBreaching"], var.alarm.treat_missing_data)
    error_message = "${var.path}alarm.treat_missing_data is ${var.alarm.treat_missing_data}: write notBreaching (no data means no read), or missing."
  }

  validation {
    condition     = var.alarm.treat_missing_data != "breaching"
    error_message = "${var.path}alarm.treat_missing_data is breaching: only reads are counted, so the alarm would be in ALARM whenever nobody reads. Write notBreaching; self_watch.blindness has an alarm that rings when no events arrive."
  }

  validation {
    condition     = var.alarm.treat_missing_data != "ignore"
    error_message = "${var.path}alarm.treat_missing_data is ignore: only reads are counted, so after the first read the alarm would stay in ALARM and never ring again. Write notBreaching; self_watch.blindness has an alarm that rings when no events arrive."
  }
}

variable "decoys" {
  default     = false
  description = "Whether these secrets are decoys, for messages."
  nullable    = false
  type        = bool
}

variable "events" {
  description = "What counts: `reads`, `changes`, `touches` (every call that names a secret), or names of Secrets Manager's API calls."
  nullable    = false
  type        = set(string)

  validation {
    condition     = length(var.events) > 0
    error_message = "${var.path}events is empty: the alarm could never ring. Write \"reads\", \"changes\", \"touches\", or names of Secrets Manager's API calls."
  }

  validation {
    condition     = alltrue([for event in var.events : contains(concat(keys(local.event_sets), local.api_calls), event)])
    error_message = "${var.path}events holds ${join(", ", [for event in var.events : "\"${event}\"" if !contains(concat(keys(local.event_sets), local.api_calls), event)])}, which Secrets Manager never records for a secret: write \"reads\", \"changes\", \"touches\", or any of ${join(", ", local.api_calls)}."
  }
}

variable "except" {
  description = "Who may read without an alarm: ARNs of roles (all their sessions) and users, a trailing * for a prefix, and AWS services that act for you, such as rds.amazonaws.com."
  nullable    = false
  type        = list(string)

  validation {
    condition     = alltrue([for principal in var.except : !can(regex(":assumed-role/", principal))])
    error_message = "${var.path}except holds ${join(", ", [for principal in var.except : "\"${principal}\"" if can(regex(":assumed-role/", principal))])}, a session: write the role's own ARN, such as arn:aws:iam::${var.account.id}:role/app, which stands for all its sessions."
  }

  validation {
    condition     = alltrue([for principal in var.except : can(regex(local.principal, principal)) || can(regex(":assumed-role/", principal))])
    error_message = "${var.path}except holds ${join(", ", [for principal in var.except : "\"${principal}\"" if !can(regex(local.principal, principal)) && !can(regex(":assumed-role/", principal))])}: write the whole ARN of a role or user, one that ends in *, or an AWS service such as rds.amazonaws.com."
  }
}

variable "except_denied" {
  description = "Whether denied reads of those in `except` are left out, too."
  nullable    = false
  type        = bool
}

variable "heartbeat" {
  default     = null
  description = "The instance's own heartbeat, which does not count: this secret, read by this role; null without one."
  type        = object({ role_arn = string, secret_name = string })
}

variable "log_group_name" {
  description = "Log group that receives CloudTrail's events."
  nullable    = false
  type        = string
}

variable "metric" {
  description = "Namespace and name of the metric. The metric filters' names begin so."
  nullable    = false
  type        = object({ name = string, namespace = string })
}

variable "name" {
  description = "Name of the alarm."
  nullable    = false
  type        = string
}

variable "organization" {
  description = "Whether the log group holds events of all accounts of an organisation."
  nullable    = false
  type        = bool
}

variable "outcome" {
  description = "`any`, `success` or `denied`."
  nullable    = false
  type        = string

  validation {
    condition     = contains(["any", "denied", "success"], var.outcome)
    error_message = "${var.path}outcome is ${var.outcome}: write any, success or denied."
  }

  validation {
    condition     = !(var.outcome == "denied" && length(var.except) > 0 && !var.except_denied)
    error_message = "${var.path}except has no effect, because only denied reads count here: write except_denied = true, or leave except out."
  }
}

variable "path" {
  description = "Place of this watch in the root module's variables, for messages: empty, or such as `watches.payments.`."
  nullable    = false
  type        = string
}

variable "resolved" {
  description = "ARNs of those of `secrets` that were given as names and looked up, by name."
  nullable    = false
  type        = map(string)
}

variable "secrets" {
  description = "Names, complete or partial ARNs, prefixes that end in *, or * alone."
  nullable    = false
  type        = set(string)

  validation {
    condition     = length(var.secrets) > 0
    error_message = "${var.path}secrets is empty: nothing is watched. Write names or ARNs, a prefix such as \"prod/*\", or \"*\" for all."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : can(regex(local.secret, secret)) && length(secret) <= (startswith(secret, "arn:") ? 600 : 512)])
    error_message = "${var.path}secrets holds ${join(", ", [for secret in var.secrets : "\"${secret}\"" if !can(regex(local.secret, secret)) || length(secret) > (startswith(secret, "arn:") ? 600 : 512)])}: write a secret's name or ARN, a prefix such as \"prod/*\", or \"*\" for all."
  }
}

variable "stuck" {
  description = "Whether another alarm, NAME-stuck, tells that this one does not end."
  nullable    = false
  type        = bool
}

variable "tags" {
  description = "Tags of every resource that can have them."
  nullable    = false
  type        = map(string)
}

variable "topic_arns" {
  description = "Topics that the alarm publishes to."
  nullable    = false
  type        = list(string)

  validation {
    condition     = length(var.topic_arns) >= 1 && length(var.topic_arns) <= 5
    error_message = "${var.path}topics has ${length(var.topic_arns)} topics: without a topic nobody gets the alarm's message, and CloudWatch takes five topics at most."
  }
}
