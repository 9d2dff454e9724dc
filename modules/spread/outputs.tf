output "groups" {
  description = "Indices of the items of each group."
  value       = local.count == 0 ? [] : values(local.spread[min(concat([local.count], local.enough)...)])
}
