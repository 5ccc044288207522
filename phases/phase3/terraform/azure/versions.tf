terraform {
  required_version = ">= 1.11" # the first that knows write-only arguments

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

  # Which account and container, says the output `backend` of terraform/bootstrap:
  #   terraform init -backend-config=FILE
  # While somebody works with the state, its blob is leased: that is the lock. The state holds no
  # password, but it does hold the cluster's kubeconfig: whoever reads it is the administrator.
  backend "azurerm" {
    key              = "workbook.tfstate"
    use_azuread_auth = true
    use_cli          = true
  }
}

# Which subscription, says ARM_SUBSCRIPTION_ID.
provider "azurerm" {
  # azurerm 5 registers none by itself, and a new subscription has few.
  resource_providers_to_register = [
    "Microsoft.Compute",
    "Microsoft.Consumption",
    "Microsoft.ContainerRegistry",
    "Microsoft.ContainerService",
    "Microsoft.DBforPostgreSQL",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.Storage",
  ]

  features {}
}
