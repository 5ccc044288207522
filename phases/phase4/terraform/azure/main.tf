locals {
  common = {
    name                = "${var.prefix}-${random_string.suffix.result}"
    location            = azurerm_resource_group.main.location
    resource_group_name = azurerm_resource_group.main.name
    tags                = azurerm_resource_group.main.tags
  }
}

# The names of registries and databases are unique in all of Azure.
resource "random_string" "suffix" {
  length  = 5
  upper   = false
  special = false
}

resource "azurerm_resource_group" "main" {
  name     = "${var.prefix}-${random_string.suffix.result}-rg"
  location = var.location
  tags     = { workbook = var.prefix }
}

module "network" {
  source         = "../../../../terraform/modules/network"
  common         = local.common
  addresses      = var.addresses
  endpoint_ports = [5432] # PostgreSQL
}

module "registry" {
  source = "../../../../terraform/modules/registry"
  common = local.common
}

module "identity" {
  source          = "../../../../terraform/modules/identity"
  common          = local.common
  registry_id     = module.registry.id
  nodes_subnet_id = module.network.nodes_subnet_id
  issuer          = module.cluster.oidc_issuer_url
  service_account = { namespace = "ml-demo", name = "ml-api" }
}

module "cluster" {
  source             = "../../../../terraform/modules/cluster"
  common             = local.common
  kubernetes_version = "1.36"
  node_count         = var.node_count
  node_size          = var.node_size
  nodes_subnet_id    = module.network.nodes_subnet_id
  addresses          = module.network.addresses
  control_plane_id   = module.identity.control_plane_id
  kubelet            = module.identity.kubelet
}

module "database" {
  source                         = "../../../../terraform/modules/database"
  common                         = local.common
  network_id                     = module.network.network_id
  endpoints_subnet_id            = module.network.endpoints_subnet_id
  administrator_password         = var.administrator_password
  administrator_password_version = var.administrator_password_version
}

# It warns, and stops nothing.
resource "azurerm_consumption_budget_resource_group" "main" {
  count = var.budget_email == "none" ? 0 : 1

  name              = "${var.prefix}-monthly"
  resource_group_id = azurerm_resource_group.main.id
  amount            = var.budget_amount
  time_grain        = "Monthly"

  time_period {
    start_date = formatdate("YYYY-MM-01'T'00:00:00Z", plantimestamp())
  }

  notification {
    threshold      = 80
    threshold_type = "Actual"
    operator       = "GreaterThan"
    contact_emails = [var.budget_email]
  }

  notification {
    threshold      = 100
    threshold_type = "Forecasted"
    operator       = "GreaterThan"
    contact_emails = [var.budget_email]
  }

  lifecycle {
    ignore_changes = [time_period] # the month in which it was made
  }
}
