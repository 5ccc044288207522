mock_provider "azurerm" {
  override_during = plan

  mock_resource "azurerm_subnet" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/network/subnets/subnet" }
  }
  mock_resource "azurerm_network_security_group" {
    defaults = { id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/endpoints" }
  }
}

variables {
  common = {
    name                = "ml-demo-abc12"
    location            = "westeurope"
    resource_group_name = "ml-demo-abc12-rg"
    tags                = { workbook = "ml-demo" }
  }
  addresses = {
    network  = "10.20.0.0/16"
    services = "172.16.0.0/16"
    pods     = "192.168.0.0/16"
  }
  endpoint_ports = [5432]
}

run "address_plan" {
  command = plan

  assert {
    condition     = azurerm_subnet.nodes.address_prefixes[0] == "10.20.0.0/20" && azurerm_subnet.endpoints.address_prefixes[0] == "10.20.16.0/24"
    error_message = "The nodes have the first sixteenth of the network, the endpoints the start of the next."
  }

  assert {
    condition     = local.subnets.functions == "10.20.20.0/22"
    error_message = "The range that phase 7 needs is still free."
  }

  assert {
    # Cut to the shorter of the two prefixes, overlapping ranges have the same first address.
    condition = alltrue([
      for pair in setproduct(values(local.subnets), values(local.subnets)) :
      pair[0] == pair[1] || length(distinct([
        for subnet in pair : cidrhost(format("%s/%d", split("/", subnet)[0], min([
          for each in pair : tonumber(split("/", each)[1])
        ]...)), 0)
      ])) == 2
    ]) && length(distinct(values(local.subnets))) == length(local.subnets)
    error_message = "The subnets overlap."
  }

  assert {
    condition     = azurerm_virtual_network.main.address_space == toset(["10.20.0.0/16"])
    error_message = "The network is the range of the plan, and no other."
  }

  assert {
    condition     = !azurerm_subnet.nodes.default_outbound_access_enabled && !azurerm_subnet.endpoints.default_outbound_access_enabled
    error_message = "A subnet has no way out that nobody has asked for."
  }
}

run "smallest_network" {
  command = plan

  variables {
    addresses = { network = "10.20.0.0/20", services = "172.16.0.0/16", pods = "192.168.0.0/16" }
  }

  assert {
    condition     = tonumber(split("/", local.subnets.functions)[1]) <= 27
    error_message = "Azure Functions asks for a /27 at least."
  }
}

run "only_the_cluster_reaches_the_database" {
  command = plan

  assert {
    condition = [
      for rule in azurerm_network_security_group.endpoints.security_rule : "${rule.source_address_prefix} ${join(",", rule.destination_port_ranges)}"
      if rule.direction == "Inbound" && rule.access == "Allow"
    ] == ["${azurerm_subnet.nodes.address_prefixes[0]} 5432"]
    error_message = "The nodes may reach PostgreSQL's port, and nothing else is let in."
  }

  assert {
    condition = anytrue([
      for rule in azurerm_network_security_group.endpoints.security_rule :
      rule.access == "Deny" && rule.direction == "Inbound" && rule.protocol == "*" && rule.source_address_prefix == "*" && rule.destination_port_range == "*"
    ])
    error_message = "Without a rule that denies the rest, Azure lets in everything within the network."
  }

  assert {
    condition     = azurerm_subnet.endpoints.private_endpoint_network_policies == "NetworkSecurityGroupEnabled"
    error_message = "Private endpoints ignore the rules unless the subnet says otherwise."
  }

  assert {
    condition     = azurerm_subnet_network_security_group_association.endpoints.subnet_id == azurerm_subnet.endpoints.id
    error_message = "The rules belong to the subnet of the endpoints."
  }
}

run "a_phase_may_add_a_port" {
  command = plan

  variables {
    endpoint_ports = [5432, 443]
  }

  assert {
    condition = anytrue([
      for rule in azurerm_network_security_group.endpoints.security_rule :
      rule.access == "Allow" && rule.destination_port_ranges == toset(["443", "5432"])
    ])
    error_message = "The nodes may reach each of the ports."
  }
}

run "tags" {
  command = plan

  assert {
    condition     = alltrue([for each in [azurerm_virtual_network.main, azurerm_network_security_group.endpoints] : each.tags == tomap({ workbook = "ml-demo" })])
    error_message = "Everything that can carry a tag carries workbook."
  }
}

run "refuses_what_is_no_range" {
  command = plan

  variables {
    addresses = { network = "10.20.0.0/16", services = "172.16.0.1/16", pods = "192.168.0.0/16" }
  }

  expect_failures = [var.addresses]
}

run "refuses_ranges_that_overlap" {
  command = plan

  variables {
    addresses = { network = "10.0.0.0/16", services = "10.0.240.0/20", pods = "192.168.0.0/16" }
  }

  expect_failures = [var.addresses]
}

run "refuses_a_network_that_is_too_small" {
  command = plan

  variables {
    addresses = { network = "10.20.0.0/24", services = "172.16.0.0/16", pods = "192.168.0.0/16" }
  }

  expect_failures = [var.addresses]
}

run "refuses_a_rule_without_ports" {
  command = plan

  variables {
    endpoint_ports = []
  }

  expect_failures = [var.endpoint_ports]
}

run "refuses_what_is_no_port" {
  command = plan

  variables {
    endpoint_ports = [5432, 443.5]
  }

  expect_failures = [var.endpoint_ports]
}
