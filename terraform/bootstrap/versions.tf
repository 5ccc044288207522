# The state of this configuration is a file here, and not in the storage that it makes: to read a
# state from there, the storage would have to exist first. Should the file get lost,
# `terraform import ADDRESS ID` brings back all five:
#   random_string.suffix                          the last five characters of the account's name
#   azurerm_resource_group.state                  its id in Azure, as the next two
#   azurerm_storage_account.state
#   azurerm_role_assignment.reads_and_writes_state
#   azurerm_storage_container.state               the account's id, /blobServices/default/containers/state
# The file holds the account's keys, which open nothing: keep it out of git all the same.
terraform {
  required_version = ">= 1.11" # as the rest

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 5.10"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.9"
    }
  }
}

provider "azurerm" {
  resource_providers_to_register = ["Microsoft.Storage"]
  storage_use_azuread            = true # the account knows no keys

  features {}
}
