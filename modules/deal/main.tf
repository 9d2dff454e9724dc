# Deals items out to patterns that may be so long, so that few patterns change when an item comes or goes. A plan has
# no memory of the last one, and whatever is dealt out by position moves. Here an item's place is a number made of
# whose it is (a hash), and patterns are the leaves of a binary tree over these numbers: a leaf that takes more than
# two patterns is cut in half. So one more or less changes the patterns of its own leaf: two, or four where it is cut.

locals {
  bits = { for digit in split("", "0123456789abcdef") : digit => format("%04b", parseint(digit, 16)) }
  places = { for of in toset(var.items[*].of) : of => of == "" ? "000000000000" : join("", [
    for digit in split("", substr(md5(of), 0, 3)) : local.bits[digit]
  ]) }
  items = [for index, item in var.items : { index = index, place = local.places[item.of], size = item.size }]

  # Sizes of what would be in each leaf, for each number of cuts.
  cuts  = range(0, 13)
  sizes = [for cut in local.cuts : { for item in local.items : substr(item.place, 0, cut) => item.size... }]

  # An item belongs to the pattern in which it starts. Since the last one of a pattern reaches over its end by less
  # than the largest item, patterns are that much shorter than what they may hold. But what fits into one stays there.
  steps = [for sizes in local.sizes : { for start, each in sizes : start => sum(each) <= var.capacity ? var.capacity + 1 : max(1, var.capacity - max(each...) + 1) }]
  is_leaf = [for cut, sizes in local.sizes : { for start, each in sizes : start => (
    cut == 12 || floor((sum(each) - each[length(each) - 1]) / local.steps[cut][start]) < 2
  ) }]
  leaf_of = { for place in toset(values(local.places)) : place => substr(place, 0, min([for cut in local.cuts : cut if local.is_leaf[cut][substr(place, 0, cut)]]...)) }

  # A leaf's name is where it begins, so that the first half of one that is cut keeps its patterns.
  leaves = { for item in local.items : local.leaf_of[item.place] => item... }
  groups = merge([
    for start, items in local.leaves : {
      for position, item in items : "${format("%03x", parseint(substr("${start}000000000000", 0, 12), 2))}-${1 + floor(sum(concat([0], slice(items[*].size, 0, position))) / local.steps[length(start)][start])}" => item.index...
    }
  ]...)
}
