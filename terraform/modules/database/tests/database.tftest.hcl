mock_provider "azurerm" {
  override_during = plan

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

variables {
  common = {
    name                = "ml-demo-abc12"
    location            = "westeurope"
    resource_group_name = "ml-demo-abc12-rg"
    tags                = { workbook = "ml-demo" }
  }
  network_id                     = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/network"
  endpoints_subnet_id            = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/network/subnets/endpoints"
  administrator_password         = "Only-for-this-test-1"
  administrator_password_version = 1
}

run "no_public_database" {
  command = plan

  assert {
    condition     = azurerm_postgresql_flexible_server.main.public_network_access_enabled == false
    error_message = "The database has no public address."
  }

  assert {
    condition = (
      azurerm_private_endpoint.main.subnet_id == var.endpoints_subnet_id
      && azurerm_private_endpoint.main.private_service_connection[0].private_connection_resource_id == azurerm_postgresql_flexible_server.main.id
      && azurerm_private_endpoint.main.private_service_connection[0].subresource_names == tolist(["postgresqlServer"])
    )
    error_message = "The database has an address in the subnet of the endpoints."
  }

  assert {
    condition = (
      azurerm_private_dns_zone.main.name == "privatelink.postgres.database.azure.com"
      && azurerm_private_endpoint.main.private_dns_zone_group[0].private_dns_zone_ids == tolist([azurerm_private_dns_zone.main.id])
      && azurerm_private_dns_zone_virtual_network_link.main.private_dns_zone_id == azurerm_private_dns_zone.main.id
      && azurerm_private_dns_zone_virtual_network_link.main.virtual_network_id == var.network_id
    )
    error_message = "Within the network, the server's name leads to its private address."
  }
}

run "tls" {
  command = plan

  assert {
    condition = (
      azurerm_postgresql_flexible_server_configuration.tls["require_secure_transport"].value == "on"
      && contains(["TLSv1.2", "TLSv1.3"], azurerm_postgresql_flexible_server_configuration.tls["ssl_min_protocol_version"].value)
    )
    error_message = "A connection without TLS, or with an old one, is refused."
  }

  assert {
    condition     = output.host == azurerm_postgresql_flexible_server.main.fqdn
    error_message = "The application connects by the name that the certificate holds."
  }
}

run "no_password_in_the_state" {
  command = plan

  assert {
    condition     = azurerm_postgresql_flexible_server.main.administrator_password == null
    error_message = "administrator_password is kept in the state; administrator_password_wo is not."
  }

  assert {
    condition     = azurerm_postgresql_flexible_server.main.administrator_password_wo_version == 1
    error_message = "Without a version, a new password is never sent."
  }
}

run "version_names_and_tags" {
  command = plan

  assert {
    condition     = azurerm_postgresql_flexible_server.main.version == "17"
    error_message = "The lessons and the local target run PostgreSQL 17."
  }

  assert {
    condition     = azurerm_postgresql_flexible_server.main.name == "ml-demo-abc12-db" && azurerm_postgresql_flexible_server_database.predictions.name == "predictions"
    error_message = "The names begin as the others do; the database is called as on the local target."
  }

  assert {
    condition = alltrue([
      for each in [
        azurerm_postgresql_flexible_server.main,
        azurerm_private_endpoint.main,
        azurerm_private_dns_zone.main,
        azurerm_private_dns_zone_virtual_network_link.main,
      ] : each.tags == tomap({ workbook = "ml-demo" })
    ])
    error_message = "Everything that can carry a tag carries workbook."
  }
}

run "refuses_a_weak_password" {
  command = plan

  variables {
    administrator_password = "onlysmallletters"
  }

  expect_failures = [var.administrator_password]
}
