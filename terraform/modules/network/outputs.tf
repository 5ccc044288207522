output "network_id" {
  description = "The virtual network."
  value       = azurerm_virtual_network.main.id
}

output "nodes_subnet_id" {
  description = "Where the cluster's nodes get their addresses."
  value       = azurerm_subnet.nodes.id
}

output "endpoints_subnet_id" {
  description = "Where services that Azure runs get their private addresses."
  value       = azurerm_subnet.endpoints.id
}

output "addresses" {
  description = "The address plan, once it is known to hold."
  value       = var.addresses
}
