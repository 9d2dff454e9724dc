output "groups" {
  description = "Indexes of the items, group by group."
  value       = local.groups
}
