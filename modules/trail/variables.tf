variable "account" {
  description = "Where this is deployed: account id, partition, its DNS suffix, and region."
  nullable    = false
  type = object({
    dns_suffix = string
    id         = string
    partition  = string
    region     = string
  })
}

variable "after" {
  description = "Resources that must exist before the trail begins to record."
  nullable    = false
  type        = list(string)
}

variable "bucket_expiration_in_days" {
  description = "Days after which log files are deleted from the bucket; 0 keeps them for good."
  nullable    = false
  type        = number
}

variable "bucket_force_destroy" {
  description = "Whether destroying the trail deletes the log files too."
  nullable    = false
  type        = bool
}

variable "exclude_management_event_sources" {
  description = "Services whose management events the trail leaves out: kms.amazonaws.com, rdsdata.amazonaws.com."
  nullable    = false
  type        = set(string)
}

variable "kms_deletion_window_in_days" {
  description = "Days between the deletion of the key and its end."
  nullable    = false
  type        = number
}

variable "log_retention_in_days" {
  description = "Days that events stay in the log group."
  nullable    = false
  type        = number
}

variable "name" {
  description = "Name of the trail; every other name is made from it."
  nullable    = false
  type        = string
}

variable "tags" {
  description = "Tags of every resource."
  nullable    = false
  type        = map(string)
}

variable "bucket" {
  description = "Bucket of somebody else that gets the log files, such as a log archive's; null creates one."
  type        = object({ key_prefix = optional(string), name = string })
}

variable "kms_key" {
  description = "Key of somebody else that encrypts log files and log group; null creates one."
  type        = object({ arn = string })
}

variable "notifications" {
  description = "CloudTrail's own notifications, one for each log file: null for none; without a topic, one is created."
  type        = object({ topic = optional(object({ arn = string })) })
}

variable "organization" {
  description = "Organisation whose accounts the trail records; null for this account alone. If a delegated administrator makes the trail, it belongs to management_account_id."
  type        = object({ id = string, management_account_id = optional(string) })
}
