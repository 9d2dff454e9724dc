# Spreads items over as few groups as hold them: the largest first, one to each group, there and back again, so that the
# sums come out alike. Other than modules/pack, which keeps the order and leaves room for the largest in each group.

locals {
  count = length(var.sizes)

  # HCL sorts texts.
  descending = [for text in reverse(sort([for index, size in var.sizes : format("%06d %06d", size, 999999 - index)])) : 999999 - tonumber(split(" ", text)[1])]

  spread = { for groups in range(1, local.count + 1) : groups => { for place, index in local.descending :
    format("%06d", floor(place / groups) % 2 == 0 ? place % groups : groups - 1 - place % groups) => index...
  } }

  # An item that is longer than a group is alone.
  capacity = max(concat([var.capacity], var.sizes)...)
  enough = [for groups, spread in local.spread : tonumber(groups) if alltrue([for group in values(spread) :
    sum([for index in group : var.sizes[index]]) <= local.capacity && sum([for index in group : try(var.wildcards[index], 0)]) <= 3
  ])]
}
