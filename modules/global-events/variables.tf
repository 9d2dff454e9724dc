locals {
  tag_key   = "^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]+$"
  tag_value = "^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]*$"
  watched   = "^([A-Za-z0-9/_+=.@!-]+[*]?|[*])$"
}

variable "home_region" {
  description = "Region of the instance. Its default event bus gets the events."
  nullable    = false
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]+$", var.home_region))
    error_message = "home_region is \"${var.home_region}\": write the region that the instance is in, such as eu-west-1."
  }

  validation {
    condition     = var.home_region != data.aws_region.sender.id
    error_message = "home_region is ${var.home_region}, and the provider has the same region: the instance gets events of its own region without this module. Give this module a provider of another region, as in providers = { aws = aws.us_east_1 }, or leave the module out if the instance is in the region of global events."
  }
}

variable "name" {
  default     = "secretwatch"
  description = "Name of the instance."
  nullable    = false
  type        = string

  validation {
    condition     = length(var.name) >= 3 && length(var.name) <= 32 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name))
    error_message = "name is \"${var.name}\": write the instance's, 3 to 32 lower-case letters, digits and single hyphens, beginning with a letter."
  }
}

variable "secrets" {
  default     = []
  description = "Secrets whose replicas in this region are watched in realtime: names, prefixes such as `prod/*`, or `*` for all. Their reads are sent to the instance, and its watches decide."
  nullable    = false
  type        = set(string)

  validation {
    condition     = alltrue([for secret in var.secrets : can(regex(local.watched, secret)) && try(length(secret), 0) <= 512])
    error_message = "secrets holds ${join(", ", [for secret in var.secrets : "\"${secret == null ? "null" : secret}\"" if !(can(regex(local.watched, secret)) && try(length(secret), 0) <= 512)])}: write names, prefixes such as \"prod/*\", or \"*\". Reads by ARN are sent in any case, of every secret."
  }
}

variable "tags" {
  default     = {}
  description = "Tags of every resource that can have them."
  nullable    = false
  type        = map(string)

  # What all of the services take: each refuses others with an error of its own, halfway through an apply. Lengths are
  # counted apart: an expression that counts letters of all languages takes a tenth of a second.
  validation {
    condition     = alltrue([for key, value in var.tags : can(regex(local.tag_key, key)) && length(key) <= 128 && !startswith(lower(key), "aws:") && (value == null ? true : can(regex(local.tag_value, value)) && length(value) <= 256)])
    error_message = "tags holds ${join(", ", [for key, value in var.tags : "\"${key}\"" if !(can(regex(local.tag_key, key)) && length(key) <= 128 && !startswith(lower(key), "aws:") && (value == null ? true : can(regex(local.tag_value, value)) && length(value) <= 256))])}: write keys of 1 to 128 and values of at most 256 letters, digits, spaces and _.:/=+-@, and no key that begins with aws:."
  }

  validation {
    condition     = length(var.tags) <= 50
    error_message = "tags has ${length(var.tags)}: a resource has at most 50."
  }

  validation {
    condition     = length(distinct([for key in keys(var.tags) : lower(key)])) == length(var.tags)
    error_message = "tags has keys that differ only in their case: an IAM role takes one of them. Leave the others out."
  }
}

variable "witness" {
  default     = null
  description = "Another account's event bus, also in another region, that gets the changes as well. It gets every change of a role whose name begins with the instance's name, by every caller."
  type        = object({ event_bus_arn = string })

  validation {
    condition     = var.witness == null ? true : can(regex("^arn:[a-z-]+:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9._/-]{1,256}$", var.witness.event_bus_arn)) && try(split(":", var.witness.event_bus_arn)[4], "") != data.aws_caller_identity.sender.account_id
    error_message = "witness.event_bus_arn is \"${try(coalesce(var.witness.event_bus_arn), "")}\": write the ARN of an event bus of another account than ${data.aws_caller_identity.sender.account_id}."
  }
}
