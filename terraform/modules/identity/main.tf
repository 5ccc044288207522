# Three identities, none with a password, and what each may do. Whoever creates a role assignment
# must be Owner or User Access Administrator.

locals {
  # The cluster acts as "control-plane", its nodes as "kubelet", the application as "application".
  identities = toset(["control-plane", "kubelet", "application"])
}

resource "azurerm_user_assigned_identity" "main" {
  for_each = local.identities

  name                = "${var.common.name}-${each.key}"
  resource_group_name = var.common.resource_group_name
  location            = var.common.location
  tags                = var.common.tags
}

resource "azurerm_role_assignment" "kubelet_pulls_images" {
  scope                = var.registry_id
  role_definition_name = "AcrPull"
  principal_id         = azurerm_user_assigned_identity.main["kubelet"].principal_id
  principal_type       = "ServicePrincipal" # said, so that Azure need not find it, which fails while it is new
}

resource "azurerm_role_assignment" "control_plane_gives_nodes_their_identity" {
  scope                = azurerm_user_assigned_identity.main["kubelet"].id
  role_definition_name = "Managed Identity Operator"
  principal_id         = azurerm_user_assigned_identity.main["control-plane"].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "control_plane_attaches_to_subnet" {
  scope                = var.nodes_subnet_id
  role_definition_name = "Network Contributor"
  principal_id         = azurerm_user_assigned_identity.main["control-plane"].principal_id
  principal_type       = "ServicePrincipal"
}

# Azure needs minutes until it knows a new role everywhere. A cluster that is created before that
# fails late, and is then in Azure and not in the state.
resource "time_sleep" "roles_are_known" {
  create_duration = "120s"

  triggers = {
    for role in [
      azurerm_role_assignment.kubelet_pulls_images,
      azurerm_role_assignment.control_plane_gives_nodes_their_identity,
      azurerm_role_assignment.control_plane_attaches_to_subnet,
    ] : role.role_definition_name => role.id
  }
}

# A token that this cluster has signed for this ServiceAccount is as good as a password, and lasts
# an hour.
resource "azurerm_federated_identity_credential" "application" {
  name                      = var.service_account.name
  user_assigned_identity_id = azurerm_user_assigned_identity.main["application"].id
  issuer                    = var.issuer
  subject                   = "system:serviceaccount:${var.service_account.namespace}:${var.service_account.name}"
  audience                  = ["api://AzureADTokenExchange"]
}
