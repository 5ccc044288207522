# One network with two subnets: the cluster's nodes, and the private addresses of services that
# Azure runs. Pods and Services have ranges of their own, which only the cluster knows.

locals {
  subnets = {
    nodes     = cidrsubnet(var.addresses.network, 4, 0)  # the first sixteenth: a /16 has room for 4000 nodes
    endpoints = cidrsubnet(var.addresses.network, 8, 16) # the start of the next one
    # Only reserved: phase 7 makes the subnet. Azure Functions asks for a /27 at least, of its own.
    functions = cidrsubnet(var.addresses.network, 6, 5)
  }
}

resource "azurerm_virtual_network" "main" {
  name                = "${var.common.name}-network"
  resource_group_name = var.common.resource_group_name
  location            = var.common.location
  address_space       = [var.addresses.network]
  tags                = var.common.tags
}

resource "azurerm_subnet" "nodes" {
  #checkov:skip=CKV2_AZURE_31:AKS keeps a security group at the nodes, and opens it for each public Service; one here would have to follow
  name                            = "nodes"
  resource_group_name             = var.common.resource_group_name
  virtual_network_name            = azurerm_virtual_network.main.name
  address_prefixes                = [local.subnets.nodes]
  default_outbound_access_enabled = false # the cluster has a way out of its own
}

resource "azurerm_subnet" "endpoints" {
  name                              = "endpoints"
  resource_group_name               = var.common.resource_group_name
  virtual_network_name              = azurerm_virtual_network.main.name
  address_prefixes                  = [local.subnets.endpoints]
  default_outbound_access_enabled   = false
  private_endpoint_network_policies = "NetworkSecurityGroupEnabled" # else the rules below are not asked
}

# A pod that asks for something outside the cluster does so with the address of its node.
resource "azurerm_network_security_group" "endpoints" {
  name                = "${var.common.name}-endpoints"
  resource_group_name = var.common.resource_group_name
  location            = var.common.location
  tags                = var.common.tags

  security_rule {
    name                       = "services-from-nodes"
    description                = "The cluster's pods may reach the services at their ports."
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = local.subnets.nodes
    source_port_range          = "*"
    destination_address_prefix = local.subnets.endpoints
    destination_port_ranges    = var.endpoint_ports
  }

  security_rule {
    name                       = "nobody-else"
    description                = "By default, Azure lets everything within the network in."
    priority                   = 4000
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "*"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "*"
  }
}

resource "azurerm_subnet_network_security_group_association" "endpoints" {
  subnet_id                 = azurerm_subnet.endpoints.id
  network_security_group_id = azurerm_network_security_group.endpoints.id
}
