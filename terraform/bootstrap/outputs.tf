output "backend" {
  description = "The lines for terraform init -backend-config=FILE."
  value       = <<-END
    storage_account_name = "${azurerm_storage_account.state.name}"
    container_name       = "${azurerm_storage_container.state.name}"
  END
}

output "resource_group" {
  description = "The group that holds the state; deleting it is forgetting what is there."
  value       = azurerm_resource_group.state.name
}
