variable "capacity" {
  description = "Largest sum of the sizes of a group. A larger item has a group of its own."
  nullable    = false
  type        = number
}

variable "sizes" {
  description = "Sizes of the items."
  nullable    = false
  type        = list(number)
}
