variable "account" {
  description = "Where this is deployed: account id, partition and region."
  nullable    = false
  type = object({
    id        = string
    partition = string
    region    = string
  })
}

variable "alarm_names" {
  description = "Names of all alarms of the instance."
  nullable    = false
  type        = list(string)
}

variable "bucket_name" {
  description = "Bucket of the trail; null when its account or name is not known."
  type        = string
}

variable "chat_topics" {
  default     = []
  description = "Which of the topics are a chat channel's alone, by name: they get what it shows."
  nullable    = false
  type        = set(string)
}

variable "console_domain" {
  description = "Domain of the AWS console in this partition."
  nullable    = false
  type        = string
}

variable "details" {
  description = "Whether watches have details: a rule, a state machine and roles called NAME-details-…"
  nullable    = false
  type        = bool
}

variable "except" {
  description = "ARNs of roles whose changes do not count, such as the one that deploys; null for none."
  type        = list(string)
}

variable "filter_prefixes" {
  description = "Beginning of the names of the instance's metric filters."
  nullable    = false
  type        = list(string)
}

variable "heartbeat_secret" {
  description = "Name of the secret that the heartbeat reads; null without one."
  type        = string
}

variable "key_arns" {
  description = "Keys of the trail and of the topics."
  nullable    = false
  type        = list(string)
}

variable "keys" {
  description = "How many keys these are, which is known before they are."
  nullable    = false
  type        = number
}

variable "log_group_name" {
  description = "Log group that receives the events."
  nullable    = false
  type        = string
}

variable "name" {
  description = "Name of the instance."
  nullable    = false
  type        = string
}

variable "owns_trail" {
  description = "Whether the trail is the instance's own, and with it log group and role."
  nullable    = false
  type        = bool
}

variable "role_names" {
  description = "Roles of the trail and of the instance; - for one that is not known."
  nullable    = false
  type        = list(string)
}

variable "rule_prefixes" {
  description = "Beginning of the names of the instance's other rules."
  nullable    = false
  type        = list(string)
}

variable "tags" {
  description = "Tags of every resource that can have them."
  nullable    = false
  type        = map(string)
}

variable "topic_arns" {
  description = "Topics that the rules publish to, by name."
  nullable    = false
  type        = map(string)
}

variable "trail" {
  description = "The trail."
  nullable    = false
  type        = object({ arn = string, name = string })
}

variable "watched_topic_arns" {
  description = "Topics whose changes count: those of the alarms and of these rules, the instance's own and somebody else's."
  nullable    = false
  type        = object({ given = list(string), own = list(string) })
}

variable "witness" {
  description = "Another account's event bus that gets the same events, and what the role is to be called that sends them; null for none."
  type        = object({ event_bus_arn = string, role_name = string })
}
