variable "capacity" {
  description = "What the sizes of a group add up to at the most. An item that is larger has a group of its own."
  nullable    = false
  type        = number
}

variable "sizes" {
  description = "Sizes of the items."
  nullable    = false
  type        = list(number)
}
