output "id" {
  description = "The registry, for those who are given a role on it."
  value       = azurerm_container_registry.main.id
}

output "name" {
  description = "The name that az acr asks for."
  value       = azurerm_container_registry.main.name
}

output "login_server" {
  description = "What the name of each image begins with."
  value       = azurerm_container_registry.main.login_server
}
