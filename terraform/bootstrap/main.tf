# Where the state of everything else is kept. It has a resource group of its own, because it must
# outlive what it describes: terraform destroy would otherwise delete its own memory.

locals {
  tags = { workbook = var.prefix }
}

data "azurerm_client_config" "current" {}

resource "random_string" "suffix" {
  length  = 5
  upper   = false
  special = false

  lifecycle {
    ignore_changes = all # one that was imported has other settings, and must not be made anew
  }
}

resource "azurerm_resource_group" "state" {
  name     = "${var.prefix}-state-rg"
  location = var.location
  tags     = local.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_account" "state" {
  #checkov:skip=CKV_AZURE_33:there is no queue in it
  #checkov:skip=CKV_AZURE_59:the learner's own machine has no private way to it; who may come in is asked at sign-in
  #checkov:skip=CKV2_AZURE_33:as for CKV_AZURE_59
  #checkov:skip=CKV2_AZURE_1:the state is encrypted with Azure's key; one of your own needs a key vault
  #checkov:skip=CKV_AZURE_206:the state is kept in several versions within one region; a second region doubles the price
  name                = "${replace(var.prefix, "-", "")}state${random_string.suffix.result}"
  resource_group_name = azurerm_resource_group.state.name
  location            = azurerm_resource_group.state.location
  tags                = local.tags

  account_tier                     = "Standard"
  account_replication_type         = "LRS" # not every region has more
  min_tls_version                  = "TLS1_2"
  https_traffic_only_enabled       = true
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  local_user_enabled               = false

  # A key opens everything to whoever has a copy. Entra asks who is there, and can be told no.
  shared_access_key_enabled       = false
  default_to_oauth_authentication = true

  sas_policy {
    expiration_period = "00.01:00:00"
  }

  blob_properties {
    versioning_enabled = true # each apply writes a new version: the one before is the way back

    delete_retention_policy {
      days = 30
    }

    container_delete_retention_policy {
      days = 30
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "state" {
  #checkov:skip=CKV2_AZURE_21:who reads the state is logged by a Log Analytics workspace, which is what phase 6 is about
  name                  = "state"
  storage_account_id    = azurerm_storage_account.state.id
  container_access_type = "private"

  lifecycle {
    prevent_destroy = true
  }
}

# Being the owner of a subscription gives no right to read what is stored in it.
resource "azurerm_role_assignment" "reads_and_writes_state" {
  scope                = azurerm_storage_account.state.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = data.azurerm_client_config.current.object_id
}
