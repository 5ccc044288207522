output "name" {
  description = "The name that az postgres flexible-server asks for."
  value       = azurerm_postgresql_flexible_server.main.name
}

output "host" {
  description = "What the application connects to, and what the certificate names."
  value       = azurerm_postgresql_flexible_server.main.fqdn
}
