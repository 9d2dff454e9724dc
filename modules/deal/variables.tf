variable "capacity" {
  description = "What the sizes of a group add up to at the most. An item that is larger has a group of its own."
  nullable    = false
  type        = number
}

variable "items" {
  description = "Sizes of the items, and whose they are, for those of one owner to stay together; an empty owner's come first."
  nullable    = false
  type        = list(object({ of = string, size = number }))
}
