output "resource_group" {
  description = "The group that everything is in."
  value       = azurerm_resource_group.main.name
}

output "cluster" {
  description = "For az aks get-credentials."
  value       = module.cluster.name
}

output "registry" {
  description = "For az acr build."
  value       = module.registry.name
}

output "registry_login_server" {
  description = "What the name of each image begins with."
  value       = module.registry.login_server
}

output "database" {
  description = "For az postgres flexible-server."
  value       = module.database.name
}

output "database_host" {
  description = "What the application connects to; the name leads to an address within the network only."
  value       = module.database.host
}

output "application_client_id" {
  description = "For the annotation azure.workload.identity/client-id of the ServiceAccount ml-api."
  value       = module.identity.application_client_id
}
