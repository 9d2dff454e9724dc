variable "account" {
  description = "Where this is deployed: account id, partition and region."
  nullable    = false
  type = object({
    id        = string
    partition = string
    region    = string
  })
}

variable "arn" {
  description = "ARN of the trail."
  nullable    = false
  type        = string
}

variable "log_group_name" {
  description = "Log group that it delivers to."
  nullable    = false
  type        = string
}

variable "verify" {
  description = "Whether to look at the trail, for which a plan needs cloudformation:GetResource, CloudTrail's read actions and logs:ListTagsForResource."
  nullable    = false
  type        = bool
}
