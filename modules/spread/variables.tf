variable "capacity" {
  description = "Largest sum of the sizes of a group."
  nullable    = false
  type        = number
}

variable "sizes" {
  description = "Size of each item."
  nullable    = false
  type        = list(number)
}

variable "wildcards" {
  default     = []
  description = "How many wildcards [*] each item has, if any has one: a group takes three."
  nullable    = false
  type        = list(number)
}
