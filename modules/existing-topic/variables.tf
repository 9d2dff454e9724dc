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
  description = "ARN of the topic."
  nullable    = false
  type        = string
}

variable "path" {
  description = "Place of this topic in the root module's variables, for messages."
  nullable    = false
  type        = string
}
