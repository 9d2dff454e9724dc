variable "account" {
  description = "Where this is deployed: account id, partition and region."
  nullable    = false
  type = object({
    id        = string
    partition = string
    region    = string
  })
}

variable "alarm_topic_arns" {
  description = "Topics that get the alarm on messages that could not be delivered."
  nullable    = false
  type        = list(string)
}

variable "chat_topics" {
  default     = []
  description = "Which of the topics are a chat channel's alone, by name: they get what it shows."
  nullable    = false
  type        = set(string)
}

variable "console_domain" {
  description = "Domain of the partition's console."
  nullable    = false
  type        = string
}

variable "created" {
  description = "Secret that the same apply creates; null when none."
  type        = object({ arn = string, name = string })
}

variable "definition" {
  description = "What counts: the output `definition` of modules/watch."
  nullable    = false
  type = object({
    about_none     = list(string)
    all            = bool
    batch_is_exact = bool
    common_start   = string
    decoys         = bool
    events         = list(string)
    except         = object({ issuers = list(string), services = list(string), users = list(string) })
    except_denied  = bool
    exceptions     = number
    known          = list(object({ account = string, name = string, second = string, suffix = string }))
    names          = list(string)
    outcome        = string
    path           = string
    prefixes       = list(string)
    touches        = bool
    unknown        = list(object({ account = string, name = string }))
  })
}

variable "heartbeat" {
  default     = null
  description = "The instance's own heartbeat, which does not count: this secret, read by this role; null without one."
  type        = object({ role_arn = string, secret_name = string })
}

variable "key" {
  description = "Key of the watch: rules, queue and alarm are named after it."
  nullable    = false
  type        = string
}

variable "name" {
  description = "Name of the instance."
  nullable    = false
  type        = string
}

variable "secret_arns" {
  description = "ARNs among the watched secrets."
  nullable    = false
  type        = list(string)
}

variable "tags" {
  description = "Tags of every resource that can have them."
  nullable    = false
  type        = map(string)
}

variable "topic_arns" {
  description = "Topics that get the message, by name."
  nullable    = false
  type        = map(string)
}
