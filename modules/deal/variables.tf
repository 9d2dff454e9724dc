variable "capacity" {
  description = "Largest sum of the sizes of a group. A larger item has a group of its own."
  nullable    = false
  type        = number
}

variable "items" {
  description = "Sizes of the items, and whose they are, for those of one owner to stay together; an empty owner's come first."
  nullable    = false
  type        = list(object({ of = string, size = number }))
}
