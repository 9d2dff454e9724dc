variable "account" {
  description = "Where this is deployed: account id, partition with the suffix of its endpoints, and region."
  nullable    = false
  type = object({
    dns_suffix = string
    id         = string
    partition  = string
    region     = string
  })
}

variable "description" {
  description = "Description of the secret."
  nullable    = false
  type        = string
}

variable "kms_deletion_window_in_days" {
  description = "Days between the deletion of the key and its end."
  nullable    = false
  type        = number
}

variable "kms_key" {
  description = "Key that encrypts the secret; null creates one. An object, so that whether one was given is known before its ARN is."
  type        = object({ arn = string })
}

variable "name" {
  description = "Name of the secret."
  nullable    = false
  type        = string
}

variable "recovery_window_in_days" {
  description = "Days in which a deleted secret can be restored; 0 deletes at once."
  nullable    = false
  type        = number
}

variable "tags" {
  description = "Tags of every resource."
  nullable    = false
  type        = map(string)
}

variable "value" {
  description = "Value of the secret: sent to Secrets Manager, kept in neither plan nor state."
  ephemeral   = true
  sensitive   = true
  type        = string
}

variable "value_version" {
  description = "Raise it to write the value anew; 0 leaves writing it to somebody else."
  nullable    = false
  type        = number
}
