mock_provider "azurerm" {
  override_during = plan

  mock_data "azurerm_client_config" {
    defaults = { object_id = "11111111-1111-1111-1111-111111111111" }
  }
  mock_resource "azurerm_storage_account" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/ml-demo-state-rg/providers/Microsoft.Storage/storageAccounts/state" }
  }
}

mock_provider "random" {
  override_during = plan

  mock_resource "random_string" {
    defaults = { result = "abc12" }
  }
}

variables {
  prefix = "ml-demo"
}

run "nothing_is_lost" {
  command = plan

  assert {
    condition     = azurerm_storage_account.state.blob_properties[0].versioning_enabled
    error_message = "Each apply leaves the version before it."
  }

  assert {
    condition = (
      azurerm_storage_account.state.blob_properties[0].delete_retention_policy[0].days >= 7
      && azurerm_storage_account.state.blob_properties[0].container_delete_retention_policy[0].days >= 7
    )
    error_message = "What is deleted can be brought back for some days."
  }
}

run "entra_decides_who_comes_in" {
  command = plan

  assert {
    condition     = !azurerm_storage_account.state.shared_access_key_enabled && !azurerm_storage_account.state.local_user_enabled
    error_message = "There is no key and no user of the account's own."
  }

  assert {
    condition     = azurerm_storage_container.state.container_access_type == "private" && !azurerm_storage_account.state.allow_nested_items_to_be_public
    error_message = "The container is private, and cannot be made public."
  }

  assert {
    condition     = azurerm_storage_account.state.https_traffic_only_enabled && azurerm_storage_account.state.min_tls_version == "TLS1_2"
    error_message = "The state travels encrypted."
  }

  assert {
    condition = (
      azurerm_role_assignment.reads_and_writes_state.role_definition_name == "Storage Blob Data Contributor"
      && azurerm_role_assignment.reads_and_writes_state.principal_id == data.azurerm_client_config.current.object_id
      && azurerm_role_assignment.reads_and_writes_state.scope == azurerm_storage_account.state.id
    )
    error_message = "Whoever runs this may read and write the state, in this account only."
  }
}

run "names_and_tags" {
  command = plan

  assert {
    condition     = azurerm_storage_account.state.name == "mldemostateabc12"
    error_message = "An account's name is 3 to 24 small letters and digits, and begins as the others do."
  }

  assert {
    condition     = alltrue([for each in [azurerm_resource_group.state, azurerm_storage_account.state] : each.tags == tomap({ workbook = "ml-demo" })])
    error_message = "Everything that can carry a tag carries workbook."
  }

  assert {
    condition     = output.backend == "storage_account_name = \"mldemostateabc12\"\ncontainer_name       = \"state\"\n"
    error_message = "The output is what terraform init -backend-config reads."
  }
}

run "the_longest_prefix_fits" {
  command = plan

  variables {
    prefix = "abcdefghijkl"
  }

  assert {
    condition     = length(azurerm_storage_account.state.name) <= 24
    error_message = "An account's name has 24 characters at most."
  }
}

run "refuses_a_prefix_that_no_name_can_begin_with" {
  command = plan

  variables {
    prefix = "ML_demo"
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
