# PostgreSQL 17 with a private address only. Its public name stays, and leads there from within the
# network: so TLS can check the name (verify-full), and the application needs no other one.

resource "azurerm_postgresql_flexible_server" "main" {
  #checkov:skip=CKV_AZURE_136:backups in a second region double the price of storage; what is here can be made again
  name                = "${var.common.name}-db"
  resource_group_name = var.common.resource_group_name
  location            = var.common.location
  tags                = var.common.tags

  version                      = "17"
  sku_name                     = "B_Standard_B1ms"
  storage_mb                   = 32768
  backup_retention_days        = 7
  geo_redundant_backup_enabled = false

  public_network_access_enabled = false

  administrator_login               = "administrator_of_all"
  administrator_password_wo         = var.administrator_password
  administrator_password_wo_version = var.administrator_password_version

  authentication {
    password_auth_enabled         = true
    active_directory_auth_enabled = false
  }

  lifecycle {
    ignore_changes = [zone] # Azure chooses one
  }
}

resource "azurerm_postgresql_flexible_server_database" "predictions" {
  name      = "predictions"
  server_id = azurerm_postgresql_flexible_server.main.id
  charset   = "UTF8"
  collation = "en_US.utf8"
}

# Both are Azure's defaults. Written down, a change by hand is drift, and the next apply takes it back.
# A new server refuses a second change while it makes the first one (ServerIsBusy): so its database,
# its settings and its endpoint are made one after the other.
resource "azurerm_postgresql_flexible_server_configuration" "tls" {
  for_each = {
    require_secure_transport = "on"
    ssl_min_protocol_version = "TLSv1.2"
  }

  server_id = azurerm_postgresql_flexible_server.main.id
  name      = each.key
  value     = each.value

  depends_on = [azurerm_postgresql_flexible_server_database.predictions]
}

resource "azurerm_private_endpoint" "main" {
  name                = "${var.common.name}-db"
  resource_group_name = var.common.resource_group_name
  location            = var.common.location
  subnet_id           = var.endpoints_subnet_id
  tags                = var.common.tags

  private_service_connection {
    name                           = "postgresql"
    private_connection_resource_id = azurerm_postgresql_flexible_server.main.id
    subresource_names              = ["postgresqlServer"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "postgresql"
    private_dns_zone_ids = [azurerm_private_dns_zone.main.id]
  }

  depends_on = [azurerm_postgresql_flexible_server_configuration.tls]
}

# The name is fixed: Azure's own name servers send whoever asks for the server on to it.
resource "azurerm_private_dns_zone" "main" {
  name                = "privatelink.postgres.database.azure.com"
  resource_group_name = var.common.resource_group_name
  tags                = var.common.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "main" {
  name                = "${var.common.name}-db"
  private_dns_zone_id = azurerm_private_dns_zone.main.id
  virtual_network_id  = var.network_id
  tags                = var.common.tags
}
