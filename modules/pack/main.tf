# Deals items out to as few groups as their sizes allow, in their order. Used where AWS limits the length
# of a pattern: HCL has no functions of its own, and a module is what can be called more than once.

locals {
  # An item belongs to the group in which it starts. Since the last one of a group reaches over its end
  # by less than the largest item, groups are that much shorter than what they may hold.
  step = max(1, var.capacity - max(concat([1], var.sizes)...) + 1)

  # Where each item starts, block by block: adding up all that come before each one takes too long for a thousand.
  blocks = chunklist(var.sizes, 32)
  before = [for index, block in local.blocks : sum(concat([0], flatten(slice(local.blocks, 0, index))))]
  starts = flatten([for index, block in local.blocks : [for place, size in block : local.before[index] + sum(concat([0], slice(block, 0, place)))]])

  groups = values({ for index, start in local.starts : format("%06d", floor(start / local.step)) => index... })
}
