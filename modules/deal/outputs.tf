output "groups" {
  description = "Indexes of the items, group by group, by names that stay when other groups change."
  value       = local.groups
}
