mock_provider "azurerm" {}

variables {
  common = {
    name                = "ml-demo-abc12"
    location            = "westeurope"
    resource_group_name = "ml-demo-abc12-rg"
    tags                = { workbook = "ml-demo" }
  }
}

run "registry" {
  command = plan

  assert {
    condition     = azurerm_container_registry.main.name == "mldemoabc12registry"
    error_message = "A registry's name is 5 to 50 letters and digits, and begins as the others do."
  }

  assert {
    condition     = !azurerm_container_registry.main.admin_enabled
    error_message = "The registry has no user with a password."
  }

  assert {
    condition     = azurerm_container_registry.main.tags == tomap({ workbook = "ml-demo" })
    error_message = "Everything that can carry a tag carries workbook."
  }
}
