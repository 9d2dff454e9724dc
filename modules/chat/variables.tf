variable "account" {
  description = "Where this is deployed: account id, partition and region."
  nullable    = false
  type = object({
    id        = string
    partition = string
    region    = string
  })
}

variable "name" {
  description = "Name of the instance."
  nullable    = false
  type        = string
}

variable "tags" {
  description = "Tags of every resource that can have them."
  nullable    = false
  type        = map(string)
}

variable "topics" {
  description = "Topics that a channel gets, by name: each goes to one of Slack's or of Microsoft Teams'."
  nullable    = false
  type = map(object({
    arn   = string
    slack = optional(object({ channel_id = string, workspace_id = string }))
    teams = optional(object({ channel_id = string, team_id = string, tenant_id = string }))
  }))
}
