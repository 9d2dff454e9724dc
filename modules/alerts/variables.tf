variable "account" {
  description = "Where this is deployed: account id, partition and region."
  nullable    = false
  type = object({
    id        = string
    partition = string
    region    = string
  })
}

variable "email_addresses" {
  description = "Addresses that get every notification, once they have confirmed it."
  nullable    = false
  type        = set(string)
}

variable "kms_deletion_window_in_days" {
  description = "Days between the deletion of the key and its end."
  nullable    = false
  type        = number
}

variable "name" {
  description = "Name of the topic. Alarms whose name begins with it and a hyphen may publish."
  nullable    = false
  type        = string
}

variable "tags" {
  description = "Tags of every resource."
  nullable    = false
  type        = map(string)
}
