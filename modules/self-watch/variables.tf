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
  description = "Names of the alarms of watches and of the fast path."
  nullable    = false
  type        = list(string)
}

variable "alarm_topic_arns" {
  description = "Topics that these alarms publish to, by name."
  nullable    = false
  type        = map(string)
}

variable "blindness" {
  description = "Whether alarms tell that no events arrive, and that a topic cannot deliver."
  nullable    = false
  type        = bool
}

variable "bucket_name" {
  description = "Bucket of the trail; null when its account or name is not known."
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

variable "fast" {
  description = "Whether modules/fast-self-watch has rules, whose changes count."
  nullable    = false
  type        = bool
}

variable "filters" {
  description = "Metric filters of the watches: by the name of the metric, what follows it and a hyphen in a filter's name."
  nullable    = false
  type        = map(list(string))
}

variable "heartbeat" {
  description = "Whether the instance has a heartbeat, whose filter and rule are parts of it."
  nullable    = false
  type        = bool
}

variable "key_arns" {
  description = "Keys of the trail and of the topics."
  nullable    = false
  type        = list(string)
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

variable "organization" {
  description = "Whether the trail records all accounts of an organisation."
  nullable    = false
  type        = bool
}

variable "owns_trail" {
  description = "Whether the trail is the instance's own, and with it the role that carries events into the log group."
  nullable    = false
  type        = bool
}

variable "role_names" {
  description = "Roles of the trail and of the instance; - for one that is not known."
  nullable    = false
  type        = list(string)
}

variable "rules" {
  description = "EventBridge rules: by the alarm's name of their watch, what follows it and a hyphen in a rule's name."
  nullable    = false
  type        = map(list(string))
}

variable "tags" {
  description = "Tags of every resource that can have them."
  nullable    = false
  type        = map(string)
}

variable "tampering" {
  description = "Whether an alarm tells of changes to the instance itself."
  nullable    = false
  type        = bool
}

variable "topic_arns" {
  description = "Topics whose changes and lost messages count, by name: those, and the fast self-watch's."
  nullable    = false
  type        = map(string)
}

variable "topic_names" {
  description = "Names of those topics that are the instance's own, by name."
  nullable    = false
  type        = map(string)
}

variable "trail" {
  description = "The trail."
  nullable    = false
  type        = object({ arn = string, name = string })
}
