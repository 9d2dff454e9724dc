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
  description = "How many reads within which time raise the alarm; names and meanings are CloudWatch's own."
  nullable    = false
  type = object({
    datapoints_to_alarm = number
    evaluation_periods  = number
    period              = number
    statistic           = string
    threshold           = number
    treat_missing_data  = string
  })
}

variable "log_group_name" {
  description = "Log group that receives CloudTrail's events."
  nullable    = false
  type        = string
}

variable "name" {
  description = "Name of the watch; namespace, metric, filter and alarm are named after it."
  nullable    = false
  type        = string
}

variable "secrets" {
  description = "Names or complete ARNs of the secrets to watch."
  nullable    = false
  type        = set(string)
}

variable "tags" {
  description = "Tags of every resource that can have them."
  nullable    = false
  type        = map(string)
}

variable "topic_arn" {
  description = "Topic that the alarm publishes to."
  nullable    = false
  type        = string
}
