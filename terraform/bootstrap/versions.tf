# The state of this configuration is a file here, and not in the storage that it makes: to read a
# state from there, the storage would have to exist first. Should the file get lost, what it
# describes can be imported. It holds the account's keys, which open nothing: keep it out of git all
# the same.
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
