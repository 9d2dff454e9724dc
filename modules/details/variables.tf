variable "account" {
  description = "Where this is deployed: the domain of AWS's services, account id, partition and region."
  nullable    = false
  type = object({
    dns_suffix = string
    id         = string
    partition  = string
    region     = string
  })
}

variable "alarm" {
  description = "The watch's alarm: its name, and the seconds that it looks back."
  nullable    = false
  type        = object({ name = string, seconds = number })
}

variable "alarmed" {
  description = "Whether an alarm rings where details could not be told."
  nullable    = false
  type        = bool
}

variable "chat_topic_arns" {
  description = "Those of the topics that are a chat channel's alone: they get what it shows."
  nullable    = false
  type        = list(string)
}

variable "console_domain" {
  description = "Domain of the AWS console."
  nullable    = false
  type        = string
}

variable "filter_patterns" {
  description = "The watch's filter patterns, as its metric filters have them."
  nullable    = false
  type        = list(string)
}

variable "given_topic_arns" {
  description = "Those of the topics that are somebody else's, whose keys are not known."
  nullable    = false
  type        = list(string)
}

variable "key" {
  description = "Name of the watch."
  nullable    = false
  type        = string
}

variable "kms_key_arns" {
  description = "Keys of the topics, as far as they are known."
  nullable    = false
  type        = list(string)
}

variable "log_group" {
  description = "Log group that receives CloudTrail's events: its ARN, without a trailing :*, and its name."
  nullable    = false
  type        = object({ arn = string, name = string })
}

variable "name" {
  description = "Name of the instance."
  nullable    = false
  type        = string
}

variable "path" {
  description = "Place of this watch in the root module's variables, for messages: such as `watches.payments.`."
  nullable    = false
  type        = string
}

variable "tags" {
  description = "Tags of every resource that can have them."
  nullable    = false
  type        = map(string)
}

variable "topic_arns" {
  description = "Topics that the messages go to."
  nullable    = false
  type        = list(string)
}
