# Long because it is the table of the module's inputs, each with its type, what it is, and what is refused.

locals {
  # Addresses, as people type them and as SNS takes them (with a name and a password, too), for the validations below: checkov does
  # not parse a quotation mark within their templates.
  https_url    = "^https://([A-Za-z0-9._~%!$&'()*+,;=-]+:[A-Za-z0-9._~%!$&'()*+,;=-]+@)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?([/?][A-Za-z0-9._~%!$&'()*+,;=:@/?-]*)?$"
  own_secret   = join(":", ["^arn:[a-z-]+:secretsmanager", local.account.region, local.account.id, "secret", "[^:]+-[A-Za-z0-9]{6}$"])
  bare_address = "^[^@\\s,;:<>()\"]+@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{2,}$"
}

variable "alarm" {
  default     = {}
  description = "When reads become an alarm: `threshold` reads within `period` seconds, in `datapoints_to_alarm` of `evaluation_periods` such periods. Further reads send no message until the alarm is OK again. With `ok_actions` that change sends a message, too. docs/alarms.md shows the alarm that is deployed. With `watches`, each watch has its own."
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
}

variable "dashboard" {
  default     = false
  description = "Whether there is a dashboard in CloudWatch, called `name`. It shows what each watch counted, who read which secrets (Logs Insights), the states of the alarms, whether events arrive, and whether messages are delivered. An account has three dashboards for free, each further one costs $3 a month."
  nullable    = false
  type        = bool
}

variable "decoys" {
  default     = null
  description = "Secrets that nobody has a reason to touch, made by modules/decoy (docs/decoys.md). The alarm rings when somebody reads, describes, changes or deletes one, tries to, or lists secrets by its name. `arns`: ARNs of the decoys by name; a plan must know the names, but not the ARNs. `except`: the roles that apply the decoys, as in `watches`, because Terraform looks at each decoy in every plan. All decoys together are one watch, called `decoys`. `realtime`: also a message for each touch within seconds. `details`: a second message says who it was, as with the variable `details`. `topics`: names from `topics`; all by default."
  type = object({
    arns     = map(string)
    details  = optional(bool, true)
    except   = list(string)
    realtime = optional(bool, true)
    topics   = optional(set(string))
  })

  validation {
    condition     = var.decoys == null ? true : try(length(var.decoys.arns), 0) > 0
    error_message = "decoys.arns is empty, so nothing could ring: write { for name, decoy in module.decoy : name => decoy.arn }, or leave decoys out."
  }

  validation {
    condition     = alltrue([for name in try(keys(var.decoys.arns), []) : can(regex("^[A-Za-z0-9/_+=.@-]+$", name)) && length(name) <= 512])
    error_message = "decoys.arns has the name ${join(", ", [for name in try(keys(var.decoys.arns), []) : "\"${name}\"" if !(can(regex("^[A-Za-z0-9/_+=.@-]+$", name)) && length(name) <= 512)])}: write names of secrets, at most 512 letters, digits and /_+=.@-, each with its ARN."
  }

  # Known late, they are looked at late.
  validation {
    condition     = alltrue([for name in try(keys(var.decoys.arns), []) : can(regex(local.own_secret, var.decoys.arns[name])) && try(replace(split(":", var.decoys.arns[name])[6], "/-[A-Za-z0-9]{6}$/", ""), "") == name])
    error_message = "decoys.arns: the value for ${join(", ", [for name in try(keys(var.decoys.arns), []) : name if !(can(regex(local.own_secret, var.decoys.arns[name])) && try(replace(split(":", var.decoys.arns[name])[6], "/-[A-Za-z0-9]{6}$/", ""), "") == name)])} is not the whole ARN of the secret of that name in account ${local.account.id} and region ${local.account.region}: write the output arn of modules/decoy. Decoys elsewhere need an instance there."
  }

  validation {
    condition     = var.decoys == null ? true : var.decoys.except != null
    error_message = "decoys.except is null: write the ARNs of the roles that apply the decoys, such as [\"arn:aws:iam::${local.account.id}:role/deploy\"]. Terraform describes and reads each decoy in every plan, so with [] every plan would ring."
  }

  validation {
    condition     = alltrue([for principal in try(coalesce(var.decoys.except, []), []) : principal != null])
    error_message = "decoys.except holds null: write the ARN of a role, such as arn:aws:iam::${local.account.id}:role/deploy, or leave it out."
  }

  validation {
    condition     = var.decoys == null || length(setintersection(keys(var.watches), ["decoys", "details-decoys"])) == 0
    error_message = "watches has the name ${join(" and ", setintersection(keys(var.watches), ["decoys", "details-decoys"]))}, but the watch on decoys or one of its alarms already has that name: write another."
  }

  validation {
    condition     = length(setintersection([for key, topic in var.topics : key if try(topic.chat, null) == null ? false : topic.existing != null || length(topic.email_addresses) + length(topic.endpoints) > 0], var.decoys == null ? [] : var.decoys.realtime || var.decoys.details ? tolist(coalesce(var.decoys.topics, toset(keys(var.topics)))) : [])) == 0
    error_message = "decoys sends messages to topics.${join(", topics.", setintersection([for key, topic in var.topics : key if try(topic.chat, null) == null ? false : topic.existing != null || length(topic.email_addresses) + length(topic.endpoints) > 0], var.decoys == null ? [] : var.decoys.realtime || var.decoys.details ? tolist(coalesce(var.decoys.topics, toset(keys(var.topics)))) : []))}, whose chat channel would drop them without an error. A channel shows such messages only if its topic has no email_addresses, no endpoints, and is not an existing one. Write a topic for the channel alone, such as chat = { chat = {...} }, or decoys.topics without that one."
  }

  validation {
    condition     = try(length(var.decoys.topics), 1) > 0 && try(length(var.decoys.topics), 1) <= 5
    error_message = "decoys.topics has ${try(length(var.decoys.topics), 0)} topics: without a topic nobody gets the alarm's message, and CloudWatch takes five topics at most. Name one to five, or leave it out."
  }

  validation {
    condition     = length(setsubtract(try(coalesce(var.decoys.topics, []), []), length(var.topics) == 0 ? ["default"] : keys(var.topics))) == 0
    error_message = "decoys.topics names a topic that is not among topics: ${length(var.topics) == 0 ? "the only topic is the one of email_addresses, so leave it out" : "write any of ${join(", ", keys(var.topics))}"}."
  }
}

variable "details" {
  default     = false
  description = "Whether a second message says who it was, after the alarm rings. A state machine looks up the calls in the log group, and publishes them to the same topics, grouped, with links (docs/details.md). Calls that arrive later come in one more message. With `watches`, each watch has its own."
  nullable    = false
  type        = bool

  validation {
    condition     = !var.details || length(var.watches) == 0
    error_message = "details is true, but each watch in watches has its own details: write details = true into each watch that should say who it was, and leave this one out."
  }

  validation {
    condition     = !var.details || length(var.watches) > 0 || length([for key, topic in var.topics : key if try(topic.chat, null) == null ? false : topic.existing != null || length(topic.email_addresses) + length(topic.endpoints) > 0]) == 0
    error_message = "details go to topics.${join(", topics.", [for key, topic in var.topics : key if try(topic.chat, null) == null ? false : topic.existing != null || length(topic.email_addresses) + length(topic.endpoints) > 0])}, whose chat channel would drop them without an error. A channel shows such messages only if its topic has no email_addresses, no endpoints, and is not an existing one. Write a topic for the channel alone, such as chat = { chat = {...} }, or details = false."
  }
}

variable "email_addresses" {
  default     = null
  description = "Addresses that get an e-mail when the alarm rings. Somebody has to follow the link in AWS's first e-mail to each address. Write [] if something else subscribes to the topic. With `topics`, each topic has its own."
  type        = set(string)

  validation {
    condition     = (var.email_addresses == null) == (length(var.topics) > 0)
    error_message = var.email_addresses == null ? "email_addresses is missing: write the addresses that get the e-mails, [] if something else subscribes to the topic, or topics with addresses of their own." : "email_addresses is only for the default topic, and you wrote topics: write the addresses into topics."
  }

  validation {
    condition     = alltrue([for address in coalesce(var.email_addresses, []) : can(regex(local.bare_address, address))])
    error_message = "email_addresses holds ${join(", ", [for address in coalesce(var.email_addresses, []) : "\"${address == null ? "null" : address}\"" if !can(regex(local.bare_address, address))])}: write bare addresses such as ops@example.com."
  }
}

variable "heartbeat" {
  default     = null
  description = "Tests the watch all the time: in every interval `every` (such as `1 hour`) a state machine reads a secret of its own, which holds no value. An alarm rings if that read is not counted, for whatever reason. `ping`: the `url` of a dead man's switch (such as healthchecks.io). It is called after each read that was counted and published to the topics, so it tells you even when the whole account is dead. E-mail addresses do not get the heartbeat's messages; other subscribers of the topics do."
  type = object({
    every = optional(string, "1 hour")
    ping  = optional(object({ url = string }))
  })

  validation {
    condition     = var.heartbeat == null ? true : can(regex("^(1 hour|([2-9]|1[0-2]) hours|(1[5-9]|[2-9][0-9]) minutes)$", var.heartbeat.every))
    error_message = "heartbeat.every is \"${try(var.heartbeat.every, "")}\": write 15 to 99 minutes or 1 to 12 hours, as in \"30 minutes\", \"1 hour\" or \"6 hours\". A read takes up to eleven minutes to be counted."
  }

  validation {
    condition     = try(var.heartbeat.ping, null) == null ? true : can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/%-]*)?$", var.heartbeat.ping.url))
    error_message = "heartbeat.ping.url is no address that Step Functions can call: write an https URL with letters, digits and ._~/%- in its path, such as https://hc-ping.com/0f3c8a5e."
  }

  validation {
    condition     = try(var.heartbeat.ping, null) == null || local.account.partition != "aws-us-gov"
    error_message = "heartbeat.ping: EventBridge has no API destinations in GovCloud, and Step Functions calls endpoints by their connections. Leave ping out."
  }
}

variable "kms_deletion_window_in_days" {
  default     = 30
  description = "Days after a destroy in which the keys can be restored. After that, all that they encrypted is lost."
  nullable    = false
  type        = number

  validation {
    condition     = contains(range(7, 31), var.kms_deletion_window_in_days)
    error_message = "kms_deletion_window_in_days is ${var.kms_deletion_window_in_days}: KMS takes 7 to 30 days."
  }
}

variable "kms_keys" {
  default     = {}
  description = "Your own keys for `trail` (log files and log group) and `topics`. Their policies need the statements of the output `policy_statements`. The module creates a key that you do not give."
  nullable    = false
  type = object({
    topics = optional(object({ arn = string }))
    trail  = optional(object({ arn = string }))
  })

  validation {
    condition     = !anytrue([for key in [var.kms_keys.topics, var.kms_keys.trail] : can(regex("(^|:)alias/aws/", key.arn)) if key != null])
    error_message = "kms_keys holds a key of AWS's own: it lets neither CloudWatch nor CloudTrail in, so alarms would be dropped without an error. Write the ARN of a key of yours, or leave it out."
  }

  validation {
    condition     = alltrue([for key in [var.kms_keys.topics, var.kms_keys.trail] : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", key.arn)) || can(regex("(^|:)alias/aws/", key.arn)) if key != null])
    error_message = "kms_keys takes whole ARNs of keys, such as arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab, and no aliases: policies name keys by ARN."
  }

  validation {
    condition     = alltrue([for key in [var.kms_keys.topics, var.kms_keys.trail] : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", key.arn)) ? split(":", key.arn)[3] == local.account.region : true if key != null])
    error_message = "kms_keys holds a key of another region, but topics and log group are in ${local.account.region}: a key encrypts in its own region only. Write the ARN of a key in ${local.account.region}."
  }
}

variable "look_up_secrets" {
  default     = false
  description = "Whether a plan looks up the ARNs of secrets given as names (secretsmanager:ListSecrets). With whole ARNs hundreds of secrets fit into one instance, and a watch can be `realtime`. With names alone about fifteen fit, but the secrets may be created later."
  nullable    = false
  type        = bool
}

variable "name" {
  default     = "secretwatch"
  description = "Name of this instance. The names of all its resources begin with it, so that two instances can live side by side."
  nullable    = false
  type        = string

  validation {
    condition     = length(var.name) >= 3 && length(var.name) <= 32 && can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name))
    error_message = "name is \"${var.name}\": a bucket is named after it, so write 3 to 32 lower-case letters, digits and single hyphens, beginning with a letter."
  }
}

variable "secret" {
  default     = null
  description = "A secret to create, and to watch from the beginning. Raise `value_version` to write `secret_value` anew; write 0 if somebody else writes the value."
  type = object({
    description             = optional(string, "Every read of this secret raises an alarm.")
    kms_key                 = optional(object({ arn = string }))
    name                    = string
    recovery_window_in_days = optional(number, 30)
    value_version           = optional(number, 1)
  })

  validation {
    condition     = var.secret == null ? true : can(regex("^[A-Za-z0-9/_+=.@-]+$", var.secret.name))
    error_message = "secret.name is \"${try(coalesce(var.secret.name), "")}\": write letters, digits and /_+=.@- only."
  }

  validation {
    condition     = try(length(var.secret.name), 0) <= 512
    error_message = "secret.name has ${try(length(var.secret.name), 0)} characters: Secrets Manager takes 512."
  }

  validation {
    condition     = try(length(var.secret.description), 0) <= 2048
    error_message = "secret.description has ${try(length(var.secret.description), 0)} characters: Secrets Manager takes 2048."
  }

  validation {
    condition     = try(var.secret.kms_key, null) == null ? true : can(regex("^arn:[a-z-]+:kms:${local.account.region}:[0-9]{12}:(key/[A-Za-z0-9-]+|alias/[A-Za-z0-9/_-]+)$", var.secret.kms_key.arn))
    error_message = "secret.kms_key.arn is \"${try(coalesce(var.secret.kms_key.arn), "")}\": write the whole ARN of a key in ${local.account.region}, where the secret is, such as arn:aws:kms:${local.account.region}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab, or leave kms_key out for one of its own."
  }

  validation {
    condition     = try(var.secret.value_version, 0) < 1000000000
    error_message = "secret.value_version is ${format("%g", try(var.secret.value_version, 0))}, which is too large: write 1 at first, and one more for each new value."
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
  description = "Value of `secret`. It is sent to Secrets Manager, and is in neither plan nor state. Pass it as TF_VAR_secret_value."
  ephemeral   = true
  sensitive   = true
  type        = string

  validation {
    condition     = try(var.secret.value_version, 0) == 0 || var.secret_value != null
    error_message = "secret_value is missing: pass it (TF_VAR_secret_value keeps it out of files), or write secret.value_version = 0 when somebody else writes the value."
  }

  validation {
    condition     = try(var.secret.value_version, 0) == 0 || var.secret_value != ""
    error_message = "secret_value is empty: Secrets Manager takes no empty value. Write secret.value_version = 0 when somebody else writes the value."
  }

  # Bytes, which are three quarters of what base64 takes.
  validation {
    condition     = try(var.secret.value_version, 0) == 0 || var.secret_value == null ? true : floor(length(replace(base64encode(var.secret_value), "=", "")) * 3 / 4) <= 65536
    error_message = "secret_value is too long: Secrets Manager takes 65536 bytes. Keep a larger value elsewhere, encrypted with a key that the secret holds."
  }
}

variable "secrets" {
  default     = []
  description = "Existing secrets to watch: names, ARNs, prefixes such as `prod/*`, or `*` for all. A plan must know them: if the same apply creates a secret, write its name, not its ARN. With `watches`, each watch has its own."
  nullable    = false
  type        = set(string)

  validation {
    condition     = var.secret != null || length(var.secrets) > 0 || length(var.watches) > 0 || var.decoys != null
    error_message = "Nothing to watch: write names or ARNs of existing secrets in secrets, or describe a new one in secret."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : secret != null])
    error_message = "secrets holds null: write a secret's name or ARN, a prefix such as \"prod/*\", or \"*\" for all."
  }

  validation {
    condition     = length(var.secrets) == 0 || length(var.watches) == 0
    error_message = "secrets is only for the default watch, and you wrote watches: write these secrets into a watch."
  }
}

variable "self_watch" {
  default     = {}
  description = "Watches the watch itself. `tampering`: tells you when somebody stops, deletes or changes a part of this instance, or tries to. Roles in `except` are left out (ARNs; a trailing * for a prefix). An alarm tells it after minutes. With `fast`, rules of EventBridge also tell it within seconds, in a message that says who it was and how to undo it. The fast message has a topic of its own, so that no single call silences both. `email_addresses`: who gets the fast message; by default everybody who gets alarms; each address confirms once more. `topics`: send it to these names from `topics` instead. `global_events`: the output `rule_arn` of modules/global-events, which sends events of IAM and other global services from their region. `witness`: another account's event bus that gets the same events. `blindness`: alarms when no event has arrived for an hour, when a topic cannot deliver, and when a watch's alarm does not end."
  nullable    = false
  type = object({
    blindness       = optional(bool, true)
    email_addresses = optional(set(string))
    except          = optional(list(string))
    fast            = optional(bool, true)
    global_events   = optional(string)
    tampering       = optional(bool, true)
    topics          = optional(set(string))
    witness         = optional(object({ event_bus_arn = string }))
  })

  validation {
    condition     = alltrue([for address in coalesce(var.self_watch.email_addresses, []) : can(regex(local.bare_address, address))])
    error_message = "self_watch.email_addresses holds ${join(", ", [for address in coalesce(var.self_watch.email_addresses, []) : "\"${address == null ? "null" : address}\"" if !can(regex(local.bare_address, address))])}: write bare addresses such as ops@example.com."
  }

  validation {
    condition     = var.self_watch.email_addresses == null || var.self_watch.topics == null
    error_message = "self_watch has both email_addresses, for a topic of its own, and topics, which replace that topic: leave one of them out."
  }

  validation {
    condition     = length(setsubtract(coalesce(var.self_watch.topics, []), length(var.topics) == 0 ? ["default"] : keys(var.topics))) == 0
    error_message = "self_watch.topics names ${join(", ", [for topic in setsubtract(coalesce(var.self_watch.topics, []), length(var.topics) == 0 ? ["default"] : keys(var.topics)) : topic == null ? "null" : topic])}, and the topics are ${join(", ", length(var.topics) == 0 ? ["default"] : keys(var.topics))}: write some of these, or leave it out for a topic of its own."
  }

  validation {
    condition     = var.self_watch.topics == null ? true : length(var.self_watch.topics) > 0
    error_message = "self_watch.topics is empty, so nobody would get the messages: name a topic, leave it out, or write fast = false."
  }

  validation {
    condition     = length(setintersection([for key, topic in var.topics : key if try(topic.chat, null) == null ? false : topic.existing != null || length(topic.email_addresses) + length(topic.endpoints) > 0], coalesce(var.self_watch.topics, []))) == 0
    error_message = "self_watch.topics sends messages to topics.${join(", topics.", setintersection([for key, topic in var.topics : key if try(topic.chat, null) == null ? false : topic.existing != null || length(topic.email_addresses) + length(topic.endpoints) > 0], coalesce(var.self_watch.topics, [])))}, whose chat channel would drop them without an error. A channel shows such messages only if its topic has no email_addresses, no endpoints, and is not an existing one. Write a topic for the channel alone, such as chat = { chat = {...} }, or leave that one out."
  }

  validation {
    condition     = (var.self_watch.fast && var.self_watch.tampering) || (var.self_watch.email_addresses == null && var.self_watch.topics == null && var.self_watch.global_events == null && var.self_watch.witness == null)
    error_message = "self_watch.email_addresses, topics, global_events and witness are for the fast messages, which ${var.self_watch.tampering ? "fast = false" : "tampering = false"} turns off: leave them out."
  }

  validation {
    condition     = var.self_watch.witness == null ? true : can(regex("^arn:[a-z-]+:events:${local.account.region}:[0-9]{12}:event-bus/[A-Za-z0-9._/-]{1,256}$", var.self_watch.witness.event_bus_arn)) && try(split(":", var.self_watch.witness.event_bus_arn)[4], "") != local.account.id
    error_message = "self_watch.witness.event_bus_arn is \"${try(coalesce(var.self_watch.witness.event_bus_arn), "")}\": write the ARN of an event bus in ${local.account.region} of another account than ${local.account.id}."
  }

  validation {
    condition     = var.self_watch.global_events == null ? true : can(regex("^arn:[a-z-]+:events:${local.global_region}:[0-9]{12}:rule/[A-Za-z0-9._/-]+$", var.self_watch.global_events))
    error_message = "self_watch.global_events is \"${try(coalesce(var.self_watch.global_events), "")}\": write the output rule_arn of modules/global-events, called with a provider of ${local.global_region}."
  }

  validation {
    condition     = alltrue([for role in coalesce(var.self_watch.except, []) : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+[*]?$", role))])
    error_message = "self_watch.except holds ${join(", ", [for role in coalesce(var.self_watch.except, []) : "\"${role == null ? "null" : role}\"" if !can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+[*]?$", role))])}: write ARNs of roles, such as arn:aws:iam::123456789012:role/deploy."
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
    condition     = alltrue([for key, value in var.tags : can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]+$", key)) && length(key) <= 128 && !startswith(lower(key), "aws:") && (value == null ? true : can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]*$", value)) && length(value) <= 256)])
    error_message = "tags holds ${join(", ", [for key, value in var.tags : "\"${key}\"" if !(can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]+$", key)) && length(key) <= 128 && !startswith(lower(key), "aws:") && (value == null ? true : can(regex("^[\\p{L}\\p{Z}\\p{N}_.:/=+@-]*$", value)) && length(value) <= 256))])}: write keys of 1 to 128 and values of at most 256 letters, digits, spaces and _.:/=+-@, and no key that begins with aws:."
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

variable "topics" {
  default     = {}
  description = "Several topics instead of one, for example for different severities. `email_addresses`: addresses of a topic that is created. `endpoints`: https addresses of pagers, by a short name (docs/endpoints.md); with `raw_message_delivery` they get the message without SNS's envelope. `existing`: use this topic instead of creating one; its policy needs the statements of the output `policy_statements`. A plan looks at it (cloudformation:GetResource), unless `verify` is false. `chat`: a channel of Slack or Microsoft Teams that shows the alarms; somebody has to authorise its workspace in AWS's console first."
  nullable    = false
  type = map(object({
    chat = optional(object({
      slack = optional(object({ channel_id = string, workspace_id = string }))
      teams = optional(object({ channel_id = string, team_id = string, tenant_id = string }))
    }))
    email_addresses = optional(set(string), [])
    endpoints       = optional(map(object({ url = string, raw_message_delivery = optional(bool, false) })), {})
    existing        = optional(object({ arn = string, verify = optional(bool, true) }))
  }))

  validation {
    condition     = alltrue([for topic in var.topics : alltrue([for name in keys(topic.endpoints) : can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", name)) && length(name) <= 32]) if topic != null])
    error_message = "topics.${nonsensitive(join(", topics.", [for key, topic in var.topics : key if topic == null ? false : !alltrue([for name in keys(topic.endpoints) : can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", name)) && length(name) <= 32])]))}.endpoints: write a short name for each, at most 32 lower-case letters, digits and single hyphens, beginning with a letter, and its address as url. An address instead of a name would be shown in every plan, and it is a secret."
  }

  validation {
    condition     = alltrue([for topic in var.topics : alltrue([for endpoint in topic.endpoints : endpoint != null]) if topic != null])
    error_message = "topics.${nonsensitive(join(", topics.", [for key, topic in var.topics : key if topic == null ? false : !alltrue([for endpoint in topic.endpoints : endpoint != null])]))}.endpoints holds null: write { url = \"https://...\" }, or leave it out."
  }

  # What is said never has the address in it.
  validation {
    condition     = alltrue([for topic in var.topics : alltrue([for endpoint in topic.endpoints : nonsensitive(can(regex(local.https_url, endpoint.url)) && try(length(endpoint.url), 0) <= 2048) if endpoint != null]) if topic != null])
    error_message = "topics.${nonsensitive(join(", topics.", flatten([for key, topic in var.topics : [for name, endpoint in topic.endpoints : "${key}.endpoints.${name}" if endpoint == null ? false : nonsensitive(!(can(regex(local.https_url, endpoint.url)) && try(length(endpoint.url), 0) <= 2048))] if topic != null])))}.url is no address that SNS can post to safely: write https:// with a host, at most 2048 characters, without spaces and without a # part."
  }

  validation {
    condition     = alltrue([for topic in var.topics : nonsensitive(length(distinct([for endpoint in topic.endpoints : try(endpoint.url, null)])) == length(topic.endpoints)) if topic != null])
    error_message = "topics.${nonsensitive(join(", topics.", [for key, topic in var.topics : key if topic == null ? false : nonsensitive(length(distinct([for endpoint in topic.endpoints : try(endpoint.url, null)])) < length(topic.endpoints))]))}.endpoints has an address twice: SNS makes one subscription of it. Leave one of them out."
  }

  validation {
    condition     = alltrue([for topic in var.topics : topic.existing == null || length(topic.endpoints) == 0 if topic != null])
    error_message = "topics.${nonsensitive(join(", topics.", [for key, topic in var.topics : key if topic == null ? false : topic.existing != null && length(topic.endpoints) > 0]))} is an existing topic, and has endpoints: the owner of the topic has to subscribe them. Leave them out."
  }

  validation {
    condition     = alltrue([for key in keys(var.topics) : can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", key)) && length(key) <= 32 && !contains(["log-files", "self-watch"], key)])
    error_message = "topics has the name ${join(", ", [for key in keys(var.topics) : "\"${key}\"" if !(can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", key)) && length(key) <= 32 && !contains(["log-files", "self-watch"], key))])}: write at most 32 lower-case letters, digits and single hyphens, beginning with a letter, and neither log-files nor self-watch."
  }

  validation {
    condition     = alltrue([for topic in var.topics : topic != null])
    error_message = "topics.${nonsensitive(join(", topics.", [for key, topic in var.topics : key if topic == null]))} is null: write {} for a topic of its own, or leave it out."
  }

  validation {
    condition     = length(var.topics) <= 5
    error_message = "topics has ${length(var.topics)}: the instance's own alarms go to all topics, and an alarm takes at most five."
  }

  validation {
    condition     = alltrue([for topic in var.topics : topic.existing == null || length(topic.email_addresses) == 0 if topic != null])
    error_message = "topics.${nonsensitive(join(", topics.", [for key, topic in var.topics : key if topic == null ? false : topic.existing != null && length(topic.email_addresses) > 0]))} is an existing topic, and has email_addresses: the owner of the topic has to subscribe them. Leave them out."
  }

  validation {
    condition     = alltrue([for topic in var.topics : topic.existing == null ? true : can(regex("^arn:[a-z-]+:sns:${local.account.region}:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", topic.existing.arn)) if topic != null])
    error_message = "topics.${nonsensitive(join(", topics.", [for key, topic in var.topics : key if try(topic.existing, null) == null ? false : !can(regex("^arn:[a-z-]+:sns:${local.account.region}:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", topic.existing.arn))]))} is no topic to which an alarm here can publish: write the ARN of a standard topic in ${local.account.region}."
  }

  validation {
    condition     = alltrue([for topic in var.topics : alltrue([for address in topic.email_addresses : can(regex(local.bare_address, address))]) if topic != null])
    error_message = "topics.${nonsensitive(join(", topics.", [for key, topic in var.topics : key if topic == null ? false : !alltrue([for address in topic.email_addresses : can(regex(local.bare_address, address))])]))}.email_addresses: write bare addresses such as ops@example.com."
  }

  validation {
    condition     = alltrue([for topic in var.topics : try(topic.chat, null) == null]) || local.account.partition == "aws"
    error_message = "topics.${join(", topics.", [for key, topic in var.topics : key if try(topic.chat, null) != null])} has chat: Amazon Q Developer in chat applications takes topics of the partition aws only, and this is ${local.account.partition}. Leave chat out."
  }

  validation {
    condition     = alltrue([for topic in var.topics : (topic.chat.slack == null) != (topic.chat.teams == null) if try(topic.chat, null) != null])
    error_message = "topics.${join(", topics.", [for key, topic in var.topics : key if try(topic.chat, null) == null ? false : (topic.chat.slack == null) == (topic.chat.teams == null)])}.chat is one channel: write either slack = { workspace_id, channel_id } or teams = { team_id, tenant_id, channel_id }, and another topic for a second channel."
  }

  # As Slack's clients show them: AWS takes any letters and digits, and posts nowhere.
  validation {
    condition     = alltrue([for topic in var.topics : can(regex("^T[A-Z0-9]{8,20}$", topic.chat.slack.workspace_id)) if try(topic.chat.slack, null) != null])
    error_message = "topics.${join(", topics.", [for key, topic in var.topics : key if try(topic.chat.slack, null) == null ? false : !can(regex("^T[A-Z0-9]{8,20}$", topic.chat.slack.workspace_id))])}.chat.slack.workspace_id is no workspace of Slack's: AWS's console shows it once the workspace is authorised, T and capital letters and digits, such as T07EA123LEP."
  }

  validation {
    condition     = alltrue([for topic in var.topics : can(regex("^[CG][A-Z0-9]{8,20}$", topic.chat.slack.channel_id)) if try(topic.chat.slack, null) != null])
    error_message = "topics.${join(", topics.", [for key, topic in var.topics : key if try(topic.chat.slack, null) == null ? false : !can(regex("^[CG][A-Z0-9]{8,20}$", topic.chat.slack.channel_id))])}.chat.slack.channel_id is no channel of Slack's: it is the end of the channel's link, not its name, C or G and capital letters and digits, such as C07EZ1ABC23."
  }

  validation {
    condition     = alltrue(flatten([for topic in var.topics : [for id in [topic.chat.teams.team_id, topic.chat.teams.tenant_id] : can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", id))] if try(topic.chat.teams, null) != null]))
    error_message = "topics.${join(", topics.", [for key, topic in var.topics : key if try(topic.chat.teams, null) == null ? false : !alltrue([for id in [topic.chat.teams.team_id, topic.chat.teams.tenant_id] : can(regex("^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", id))])])}.chat.teams has a wrong team_id or tenant_id: in the channel's link they stand behind groupId= and tenantId=, such as 12345678-90ab-cdef-1234-567890abcdef."
  }

  validation {
    condition     = alltrue([for topic in var.topics : can(regex("^19%3[aA][A-Za-z0-9_=+.-]{1,200}%40thread[.][a-z0-9]+$", topic.chat.teams.channel_id)) if try(topic.chat.teams, null) != null])
    error_message = "topics.${join(", topics.", [for key, topic in var.topics : key if try(topic.chat.teams, null) == null ? false : !can(regex("^19%3[aA][A-Za-z0-9_=+.-]{1,200}%40thread[.][a-z0-9]+$", topic.chat.teams.channel_id))])}.chat.teams.channel_id is no channel of Teams': it stands in the channel's link between channel/ and the next /, as it is written there, such as 19%3aab6ef35dc342d56ba5654e6fc6d25a071%40thread.tacv2."
  }

  # The provider finds a team's configuration by the team's id, and fails where it finds two.
  validation {
    condition     = length(distinct([for topic in var.topics : lower(topic.chat.teams.team_id) if try(topic.chat.teams.team_id, null) != null])) == length([for topic in var.topics : topic if try(topic.chat.teams.team_id, null) != null])
    error_message = "topics has several channels of one team of Microsoft Teams: the AWS provider confuses two configurations of one team, and every later plan fails. Let one topic have chat, or take channels of different teams."
  }

  # AWS has one configuration for a channel in an account, also for topics of several regions, and refuses a second one.
  validation {
    condition     = length(distinct([for topic in var.topics : "${topic.chat.slack.workspace_id}/${topic.chat.slack.channel_id}" if try(topic.chat.slack.channel_id, null) != null && try(topic.chat.slack.workspace_id, null) != null])) == length([for topic in var.topics : topic if try(topic.chat.slack.channel_id, null) != null && try(topic.chat.slack.workspace_id, null) != null])
    error_message = "topics has one channel of Slack several times: AWS takes one configuration for each channel in an account, and refuses a second one in the apply. Let one topic have chat and name it in each watch, or take different channels."
  }

  validation {
    condition     = alltrue([for topic in var.topics : try(split(":", topic.existing.arn)[4], local.account.id) == local.account.id if try(topic.chat, null) != null])
    error_message = "topics.${join(", topics.", [for key, topic in var.topics : key if try(topic.chat, null) == null ? false : try(split(":", topic.existing.arn)[4], local.account.id) != local.account.id])} has chat, and is another account's: a channel subscribes to topics of its own account ${local.account.id}. Let that account configure the channel, or write a topic of this one."
  }
}

variable "trail" {
  default     = {}
  description = "Where events come from. `existing`: use this trail and the log group that it delivers to. A plan looks at the trail (cloudformation:GetResource), unless `verify` is false. Without `existing` a trail is created. `bucket`: an existing bucket for its log files, such as a log archive's. `organization`: record all accounts of an organisation; write `management_account_id` only if a delegated administrator applies this, whose trails belong to that account. `exclude_management_event_sources`: leave out the calls of KMS or of the RDS Data API, if they are most of the bill (`secretwatch backtest --bill`); a plan warns which events are then missing. `notifications`: publish CloudTrail's own message for each log file, to a new topic or the given one. `bucket_expiration_in_days`: how long the bucket keeps events (the evidence); 0 keeps them for good. `log_retention_in_days`: how long the log group keeps them, for searching. `bucket_force_destroy`: lets a destroy delete the evidence. Without it at the first apply, a plan that would delete evidence is refused until `terraform state rm 'module.NAME.module.trail[0].terraform_data.evidence'`."
  nullable    = false
  type = object({
    bucket                           = optional(object({ key_prefix = optional(string), name = string }))
    bucket_expiration_in_days        = optional(number, 365)
    bucket_force_destroy             = optional(bool, false)
    exclude_management_event_sources = optional(set(string), [])
    existing                         = optional(object({ arn = string, bucket_name = optional(string), log_group_name = string, verify = optional(bool, true) }))
    log_retention_in_days            = optional(number, 90)
    notifications                    = optional(object({ topic = optional(object({ arn = string })) }))
    organization                     = optional(object({ id = string, management_account_id = optional(string) }))
  })

  validation {
    condition     = var.trail.existing == null ? true : can(regex("^arn:[a-z-]+:cloudtrail:[a-z0-9-]+:[0-9]{12}:trail/[A-Za-z0-9._-]{3,128}$", var.trail.existing.arn))
    error_message = "trail.existing.arn is \"${try(coalesce(var.trail.existing.arn), "")}\": write the whole ARN, such as arn:aws:cloudtrail:us-east-1:123456789012:trail/main."
  }

  validation {
    condition     = var.trail.existing == null || (var.trail.bucket == null && var.trail.notifications == null)
    error_message = "trail.existing comes with bucket or notifications: only the owner of the trail can change those. Leave them out."
  }

  validation {
    condition     = var.trail.existing == null || length(var.trail.exclude_management_event_sources) == 0
    error_message = "trail.existing comes with exclude_management_event_sources: only the owner of the trail can change which events it records. Leave it out."
  }

  # https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
  validation {
    condition     = alltrue([for source in var.trail.exclude_management_event_sources : contains(["kms.amazonaws.com", "rdsdata.amazonaws.com"], coalesce(source, "null"))])
    error_message = "trail.exclude_management_event_sources has ${join(", ", [for source in sort([for source in var.trail.exclude_management_event_sources : try(coalesce(source), "")]) : "\"${source}\"" if !contains(["kms.amazonaws.com", "rdsdata.amazonaws.com"], source)])}: CloudTrail can leave out kms.amazonaws.com and rdsdata.amazonaws.com, and no other service."
  }

  validation {
    condition     = var.trail.existing == null ? true : can(regex("^[A-Za-z0-9._/#-]+$", var.trail.existing.log_group_name)) && try(length(var.trail.existing.log_group_name), 0) <= 512
    error_message = "trail.existing.log_group_name is \"${try(coalesce(var.trail.existing.log_group_name), "")}\": write the name of the log group that the trail delivers to, at most 512 letters, digits and ._-/#."
  }

  validation {
    condition     = try(var.trail.existing.bucket_name, null) == null ? true : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{2,254}$", var.trail.existing.bucket_name))
    error_message = "trail.existing.bucket_name is \"${try(coalesce(var.trail.existing.bucket_name), "")}\": write the name of the trail's bucket, without s3:// and without a prefix, or leave it out."
  }

  validation {
    condition     = var.trail.bucket == null || var.trail.existing != null ? true : can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$", var.trail.bucket.name)) && try(length(var.trail.bucket.name), 0) >= 3 && try(length(var.trail.bucket.name), 0) <= 63
    error_message = "trail.bucket.name is \"${try(coalesce(var.trail.bucket.name), "")}\": write the name of a bucket, 3 to 63 lower-case letters, digits, dots and hyphens, without s3:// and without a prefix (which is key_prefix)."
  }

  validation {
    condition     = try(var.trail.bucket.key_prefix, null) == null ? true : can(regex("^[A-Za-z0-9!_.'()=@:,&+-]+(/[A-Za-z0-9!_.'()=@:,&+-]+)*$", var.trail.bucket.key_prefix)) && length(var.trail.bucket.key_prefix) <= 200
    error_message = "trail.bucket.key_prefix is \"${try(coalesce(var.trail.bucket.key_prefix), "")}\": write at most 200 letters, digits and !_.'()=@:,&+-, with a / between parts and none at either end, or leave it out."
  }

  validation {
    condition     = try(var.trail.notifications.topic, null) == null ? true : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.trail.notifications.topic.arn))
    error_message = "trail.notifications.topic.arn is \"${try(coalesce(var.trail.notifications.topic.arn), "")}\": write the whole ARN of a standard topic, such as arn:aws:sns:us-east-1:123456789012:log-files, or notifications = {} for one of its own."
  }

  validation {
    condition     = var.trail.organization == null ? true : can(regex("^o-[a-z0-9]{10,32}$", var.trail.organization.id))
    error_message = "trail.organization.id is \"${try(coalesce(var.trail.organization.id), "")}\": write the organisation's id, such as o-exampleorgid."
  }

  validation {
    condition     = try(var.trail.organization.management_account_id, null) == null ? true : can(regex("^[0-9]{12}$", var.trail.organization.management_account_id))
    error_message = "trail.organization.management_account_id is \"${try(coalesce(var.trail.organization.management_account_id), "")}\": write the 12 digits of the account that manages the organisation, such as 123456789012."
  }

  # The provider reads back the bare name of a topic of its own account, and AWS does not say in which account CloudTrail looks for that.
  validation {
    condition = var.trail.notifications == null || try(var.trail.organization.management_account_id, null) == null ? true : (
      var.trail.organization.management_account_id == local.account.id || !startswith(try(coalesce(var.trail.notifications.topic.arn), "arn:${local.account.partition}:sns:${local.account.region}:${local.account.id}:"), "arn:${local.account.partition}:sns:${local.account.region}:${local.account.id}:")
    )
    error_message = "trail.notifications is for a topic of this account, and the trail is account ${try(coalesce(var.trail.organization.management_account_id), "")}'s: each plan would change it. Write a topic of another account or region, or leave notifications out."
  }

  # An inbox full of messages that say nothing hides the one that matters.
  validation {
    condition = !contains(
      concat(["arn:${local.account.partition}:sns:${local.account.region}:${local.account.id}:${var.name}"], [for key in keys(var.topics) : "arn:${local.account.partition}:sns:${local.account.region}:${local.account.id}:${var.name}-${key}"], [for topic in var.topics : topic.existing.arn if try(topic.existing, null) != null]),
      try(coalesce(var.trail.notifications.topic.arn), ""),
    )
    error_message = "trail.notifications.topic is an alert topic: CloudTrail sends it a message for each log file, hundreds a day, and none says who read which secret. Nobody would notice the alarms among them. Write another topic, or notifications = {} for one of its own."
  }

  validation {
    condition     = var.trail.bucket_expiration_in_days >= 0 && floor(var.trail.bucket_expiration_in_days) == var.trail.bucket_expiration_in_days
    error_message = "trail.bucket_expiration_in_days is ${var.trail.bucket_expiration_in_days}: write a whole number of days, or 0 to keep log files for good."
  }

  validation {
    condition     = var.trail.bucket_expiration_in_days <= 2147483647
    error_message = "trail.bucket_expiration_in_days is ${format("%g", var.trail.bucket_expiration_in_days)}: S3 takes at most 2147483647. Write 0 to keep log files for good."
  }

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.trail.log_retention_in_days)
    error_message = "trail.log_retention_in_days is ${var.trail.log_retention_in_days}: CloudWatch Logs knows 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 and 3653 days."
  }
}

variable "watches" {
  default     = {}
  description = "Several watches instead of one, by name. `secrets`: names, ARNs, prefixes (`prod/*`) or `*`. `events`: `reads`, `changes`, `touches` (every call that names a secret), or names of Secrets Manager's API calls. `outcome`: `any`, `success` or `denied`. `except`: callers that do not ring: ARNs of roles (all their sessions) and users, a trailing * for a prefix, AWS services. Their denied calls still count, unless `except_denied` is true. `alarm`: as the variable `alarm`. `topics`: names from `topics` that get the alarm; all by default. `details`: a second message says who it was, as with the variable `details`. `realtime`: EventBridge also sends a message within seconds that says who it was. `realtime_topics`: names from `topics` that get this message instead, so that the topics of the alarm get only alarms; each address confirms each topic."
  nullable    = false
  type = map(object({
    alarm = optional(object({
      datapoints_to_alarm = optional(number)
      evaluation_periods  = optional(number, 1)
      ok_actions          = optional(bool, false)
      period              = optional(number, 300)
      statistic           = optional(string, "Sum")
      threshold           = optional(number, 1)
      treat_missing_data  = optional(string, "notBreaching")
    }), {})
    details         = optional(bool, false)
    events          = optional(set(string), ["reads"])
    except          = optional(list(string), [])
    except_denied   = optional(bool, false)
    outcome         = optional(string, "any")
    realtime        = optional(bool, false)
    realtime_topics = optional(set(string))
    secrets         = set(string)
    topics          = optional(set(string))
  }))

  validation {
    condition     = alltrue([for key in keys(var.watches) : can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", key)) && length(key) <= 20])
    error_message = "watches has the name ${join(", ", [for key in keys(var.watches) : "\"${key}\"" if !(can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", key)) && length(key) <= 20)])}: alarms and rules are named after it, so write at most 20 lower-case letters, digits and single hyphens, beginning with a letter."
  }

  validation {
    condition     = alltrue([for key in keys(var.watches) : !can(regex("^(blind|heartbeat|self-watch(-.*)?|tampering|undelivered(-.*)?|realtime-.*|(.*-)?stuck)$", key))])
    error_message = "watches has the name ${join(", ", [for key in keys(var.watches) : "\"${key}\"" if can(regex("^(blind|heartbeat|self-watch(-.*)?|tampering|undelivered(-.*)?|realtime-.*|(.*-)?stuck)$", key))])}, but the instance itself has an alarm of that name: write another."
  }

  validation {
    condition     = length([for key, watch in var.watches : key if try(watch.details, false) && contains(keys(var.watches), "details-${key}")]) == 0
    error_message = "watches has details-${join(", details-", [for key, watch in var.watches : key if try(watch.details, false) && contains(keys(var.watches), "details-${key}")])}, and the details of ${join(", ", [for key, watch in var.watches : key if try(watch.details, false) && contains(keys(var.watches), "details-${key}")])} have an alarm of that name: write another name for one."
  }

  validation {
    condition     = !contains(keys(var.watches), "secret-read") || !contains(keys(var.watches), "secret-reads")
    error_message = "watches has secret-read and secret-reads, which would count in one metric, ${var.name}-secret-reads: write another name for one."
  }

  validation {
    condition     = alltrue([for watch in var.watches : try(watch.secrets, null) != null])
    error_message = "watches.${join(", watches.", [for key, watch in var.watches : key if try(watch.secrets, null) == null])} has no secrets: write { secrets = [...] } with names or ARNs, a prefix such as \"prod/*\", or \"*\" for all."
  }

  validation {
    condition     = alltrue([for watch in var.watches : alltrue([for value in concat(tolist(watch.secrets), tolist(watch.events), watch.except) : value != null]) if try(watch.secrets, null) != null])
    error_message = "watches.${join(", watches.", [for key, watch in var.watches : key if !alltrue([for value in try(concat(tolist(watch.secrets), tolist(watch.events), watch.except), []) : value != null])])} holds null in secrets, events or except: write a value, or leave it out."
  }

  validation {
    condition     = alltrue([for watch in var.watches : length(setsubtract(coalesce(watch.topics, []), length(var.topics) == 0 ? ["default"] : keys(var.topics))) == 0 if watch != null])
    error_message = "watches.${join(", watches.", [for key, watch in var.watches : key if watch == null ? false : length(setsubtract(coalesce(watch.topics, []), length(var.topics) == 0 ? ["default"] : keys(var.topics))) > 0])} names a topic that is not among topics: ${length(var.topics) == 0 ? "the only topic is the one of email_addresses, so leave it out" : "write any of ${join(", ", keys(var.topics))}"}."
  }

  validation {
    condition     = alltrue([for watch in var.watches : length(setsubtract(coalesce(watch.realtime_topics, []), length(var.topics) == 0 ? ["default"] : keys(var.topics))) == 0 if watch != null])
    error_message = "watches.${join(", watches.", [for key, watch in var.watches : key if watch == null ? false : length(setsubtract(coalesce(watch.realtime_topics, []), length(var.topics) == 0 ? ["default"] : keys(var.topics))) > 0])} names a topic in realtime_topics that is not among topics: ${length(var.topics) == 0 ? "the only topic is the one of email_addresses, so leave it out" : "write any of ${join(", ", keys(var.topics))}"}."
  }

  validation {
    condition     = alltrue([for watch in var.watches : watch.realtime || watch.realtime_topics == null if watch != null])
    error_message = "watches.${join(", watches.", [for key, watch in var.watches : key if watch == null ? false : !watch.realtime && watch.realtime_topics != null])} has realtime_topics, and no realtime message to send there: write realtime = true, or leave realtime_topics out."
  }

  validation {
    condition     = alltrue([for watch in var.watches : watch.realtime_topics == null ? true : length(watch.realtime_topics) > 0 if watch != null])
    error_message = "watches.${join(", watches.", [for key, watch in var.watches : key if try(watch.realtime_topics, null) == null ? false : length(watch.realtime_topics) == 0])}.realtime_topics is empty, so nobody would get the realtime message: name a topic, or leave it out."
  }

  validation {
    condition     = length(setintersection([for key, topic in var.topics : key if try(topic.chat, null) == null ? false : topic.existing != null || length(topic.email_addresses) + length(topic.endpoints) > 0], flatten([for watch in var.watches : concat(try(watch.realtime, false) ? tolist(coalesce(watch.realtime_topics, watch.topics, toset(keys(var.topics)))) : [], try(watch.details, false) ? tolist(coalesce(watch.topics, toset(keys(var.topics)))) : [])]))) == 0
    error_message = "watches sends realtime messages or details to topics.${join(", topics.", setintersection([for key, topic in var.topics : key if try(topic.chat, null) == null ? false : topic.existing != null || length(topic.email_addresses) + length(topic.endpoints) > 0], flatten([for watch in var.watches : concat(try(watch.realtime, false) ? tolist(coalesce(watch.realtime_topics, watch.topics, toset(keys(var.topics)))) : [], try(watch.details, false) ? tolist(coalesce(watch.topics, toset(keys(var.topics)))) : [])])))}, whose chat channel would drop them without an error. A channel shows such messages only if its topic has no email_addresses, no endpoints, and is not an existing one. Write a topic for the channel alone, such as chat = { chat = {...} }, or realtime_topics without that one and details = false."
  }

  validation {
    condition = var.secret == null || length(var.watches) == 0 ? true : anytrue(flatten([for watch in var.watches : [
      for secret in try(tolist(watch.secrets), []) : try(endswith(secret, "*"), false) ? try(startswith(var.secret.name, trimsuffix(secret, "*")), false) : secret == var.secret.name
    ]]))
    error_message = "secret.name is \"${try(coalesce(var.secret.name), "")}\", which is in no watch: write it into the secrets of one."
  }
}
