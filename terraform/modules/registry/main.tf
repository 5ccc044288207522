# Who may pull is said where the identities are: there is no password.

resource "azurerm_container_registry" "main" {
  #checkov:skip=CKV_AZURE_139:a registry without a public address is Premium, at ten times the price
  #checkov:skip=CKV_AZURE_165:copies in other regions are Premium
  #checkov:skip=CKV_AZURE_233:zone redundancy is Premium
  #checkov:skip=CKV_AZURE_237:endpoints of its own for data are Premium
  #checkov:skip=CKV_AZURE_166:quarantine is Premium
  #checkov:skip=CKV_AZURE_167:keeping untagged images for a time is Premium
  #checkov:skip=CKV_AZURE_164:azurerm 5 has no content trust any more; the lessons deploy by digest
  #checkov:skip=CKV_AZURE_163:scanning is Microsoft Defender, which is switched on for a subscription
  name                = "${replace(var.common.name, "-", "")}registry" # letters and digits only
  resource_group_name = var.common.resource_group_name
  location            = var.common.location
  sku                 = "Basic"
  admin_enabled       = false
  tags                = var.common.tags
}
