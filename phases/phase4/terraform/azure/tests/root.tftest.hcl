mock_provider "azurerm" {
  override_during = plan

  mock_resource "azurerm_resource_group" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/ml-demo-abc12-rg" }
  }
  mock_resource "azurerm_virtual_network" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/network" }
  }
  mock_resource "azurerm_subnet" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/network/subnets/subnet" }
  }
  mock_resource "azurerm_network_security_group" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/endpoints" }
  }
  mock_resource "azurerm_container_registry" {
    defaults = {
      id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/registry"
      login_server = "mldemoabc12registry.azurecr.io"
    }
  }
  mock_resource "azurerm_user_assigned_identity" {
    defaults = {
      id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/identity"
      client_id    = "11111111-1111-1111-1111-000000000000"
      principal_id = "11111111-1111-1111-1111-111111111111"
    }
  }
  mock_resource "azurerm_kubernetes_cluster" {
    defaults = {
      id              = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/cluster"
      oidc_issuer_url = "https://westeurope.oic.prod-aks.azure.com/tenant/issuer/"
    }
  }
  mock_resource "azurerm_postgresql_flexible_server" {
    defaults = {
      id   = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/db"
      fqdn = "ml-demo-abc12-db.postgres.database.azure.com"
    }
  }
  mock_resource "azurerm_private_dns_zone" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/privateDnsZones/privatelink.postgres.database.azure.com" }
  }
}

mock_provider "random" {
  override_during = plan

  mock_resource "random_string" {
    defaults = { result = "abc12" }
  }
}

variables {
  prefix                 = "ml-demo"
  administrator_password = "Only-for-this-test-1"
  budget_email           = "learner@example.com"
}

run "what_the_next_commands_use" {
  command = plan

  assert {
    condition = (
      output.resource_group == "ml-demo-abc12-rg"
      && output.cluster == "ml-demo-abc12-aks"
      && output.registry == "mldemoabc12registry"
      && output.database == "ml-demo-abc12-db"
    )
    error_message = "All names begin with the prefix and the suffix."
  }

  assert {
    condition = (
      output.registry_login_server == "mldemoabc12registry.azurecr.io"
      && output.database_host == "ml-demo-abc12-db.postgres.database.azure.com"
      && output.application_client_id == "11111111-1111-1111-1111-000000000000"
    )
    error_message = "What Azure says of the parts reaches the outputs."
  }

  assert {
    condition     = azurerm_resource_group.main.tags == tomap({ workbook = "ml-demo" })
    error_message = "Everything that can carry a tag carries workbook."
  }
}

run "somebody_is_told_what_it_costs" {
  command = plan

  assert {
    condition     = azurerm_consumption_budget_resource_group.main[0].resource_group_id == azurerm_resource_group.main.id
    error_message = "The budget is of the group that everything is in."
  }

  assert {
    condition     = alltrue([for each in azurerm_consumption_budget_resource_group.main[0].notification : each.contact_emails == tolist(["learner@example.com"])])
    error_message = "Each notification reaches somebody."
  }

  assert {
    condition     = anytrue([for each in azurerm_consumption_budget_resource_group.main[0].notification : each.threshold_type == "Forecasted"])
    error_message = "The warning comes before the money is spent."
  }
}

run "no_budget_where_azure_refuses_one" {
  command = plan

  variables {
    budget_email = "none"
  }

  assert {
    condition     = length(azurerm_consumption_budget_resource_group.main) == 0
    error_message = "In a new subscription, apply must be able to leave the budget out."
  }
}

run "refuses_a_prefix_that_no_name_can_begin_with" {
  command = plan

  variables {
    prefix = "ml--demo"
  }

  expect_failures = [var.prefix]
}

run "refuses_a_region_by_its_long_name" {
  command = plan

  variables {
    location = "West Europe"
  }

  expect_failures = [var.location]
}

run "refuses_a_budget_of_nothing" {
  command = plan

  variables {
    budget_amount = 0
  }

  expect_failures = [var.budget_amount]
}

run "refuses_a_budget_that_nobody_is_told_of" {
  command = plan

  variables {
    budget_email = "learner"
  }

  expect_failures = [var.budget_email]
}

run "refuses_the_login_of_a_guest" {
  command = plan

  variables {
    budget_email = "learner_example.com#EXT#@another.onmicrosoft.com"
  }

  expect_failures = [var.budget_email]
}
