# Spreads the conditions over as few patterns as hold them: the largest first, one to each pattern there and back again,
# so that the sums come out alike. Other than modules/pack, which keeps the order and leaves room for the largest in each.

locals {
  descending = [for text in reverse(sort([for index, condition in local.conditions : format("%06d %06d", condition.size + 4, 999999 - index)])) : 999999 - tonumber(split(" ", text)[1])]

  # By how many patterns there are.
  spread = { for count in range(1, length(local.conditions) + 1) : count => { for place, index in local.descending :
    format("%06d", floor(place / count) % 2 == 0 ? place % count : count - 1 - place % count) => index...
  } }

  # What is too long for any pattern is refused where the pattern is. A pattern has three wildcards [*], one for each alarm.
  most   = max(concat([local.room], [for condition in local.conditions : condition.size + 4])...)
  enough = [for count, groups in local.spread : tonumber(count) if alltrue([for group in values(groups) : sum([for index in group : local.conditions[index].size + 4]) <= local.most && length([for index in group : index if index < length(local.with_wildcard)]) * local.together <= 3])]
  groups = values(local.spread[min(local.enough...)])
}
