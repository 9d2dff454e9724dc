variable "account" {
  description = "Where this is deployed: account id, partition and region."
  nullable    = false
  type = object({
    id        = string
    partition = string
    region    = string
  })
}

variable "every" {
  description = "How often, as in a schedule's rate: `1 hour`, `30 minutes`."
  nullable    = false
  type        = string
}

variable "log_group_name" {
  description = "Log group that receives CloudTrail's events."
  nullable    = false
  type        = string
}

variable "name" {
  description = "Name of the instance."
  nullable    = false
  type        = string
}

variable "ping" {
  description = "Endpoint of a dead man's switch, which is called once a heartbeat has been counted; null for none."
  type        = object({ url = string })
}

variable "ping_key_arns" {
  description = "Keys of those topics."
  nullable    = false
  type        = list(string)
}

variable "ping_topic_arns" {
  description = "Topics that a counted heartbeat is published to before the ping."
  nullable    = false
  type        = list(string)
}

variable "role_names" {
  description = "Names of the roles that read, and that start the reading."
  nullable    = false
  type        = object({ read = string, start = string })
}

variable "secret_name" {
  description = "Name of the secret that is read."
  nullable    = false
  type        = string
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
}
