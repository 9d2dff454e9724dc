variable "account" {
  description = "Where this is deployed: account id, partition and region."
  nullable    = false
  type = object({
    id        = string
    partition = string
    region    = string
  })
}

variable "after" {
  description = "Resources that AWS refuses to create if another instance has the same name."
  nullable    = false
  type        = list(string)
}

variable "alarm_names" {
  description = "Names of the instance's alarms, which may publish; a ? stands for a character of a number."
  nullable    = false
  type        = list(string)
}

variable "kms_deletion_window_in_days" {
  description = "Days between the deletion of the key and its end."
  nullable    = false
  type        = number
}

variable "kms_key" {
  description = "Key of somebody else that encrypts the topics; null creates one."
  type        = object({ arn = string })
}

variable "name" {
  description = "Name of the instance."
  nullable    = false
  type        = string
}

variable "realtime_topics" {
  description = "Which of the topics EventBridge rules publish to, by name."
  nullable    = false
  type        = set(string)
}

variable "tags" {
  description = "Tags of every resource."
  nullable    = false
  type        = map(string)
}

variable "topics" {
  description = "Topics: each is created with subscriptions of e-mail addresses and https endpoints, which get every notification once they have confirmed it, or somebody else's."
  nullable    = false
  type = map(object({
    email_addresses = optional(set(string), [])
    endpoints       = optional(map(object({ url = string, raw_message_delivery = optional(bool, false) })), {})
    existing        = optional(object({ arn = string }))
  }))
}

variable "without_heartbeats" {
  default     = false
  description = "Whether e-mails leave out what the heartbeat publishes."
  nullable    = false
  type        = bool
}
