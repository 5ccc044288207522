mock_provider "azurerm" {
  override_during = plan
}

# Each identity has ids of its own: else the tests could not tell one from another.
override_resource {
  target          = azurerm_user_assigned_identity.main["control-plane"]
  override_during = plan
  values = {
    id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/control-plane"
    principal_id = "11111111-1111-1111-1111-111111111111"
  }
}

override_resource {
  target          = azurerm_user_assigned_identity.main["kubelet"]
  override_during = plan
  values = {
    id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kubelet"
    client_id    = "22222222-2222-2222-2222-000000000000"
    principal_id = "22222222-2222-2222-2222-222222222222"
  }
}

override_resource {
  target          = azurerm_user_assigned_identity.main["application"]
  override_during = plan
  values = {
    id           = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/application"
    client_id    = "33333333-3333-3333-3333-000000000000"
    principal_id = "33333333-3333-3333-3333-333333333333"
  }
}

variables {
  common = {
    name                = "ml-demo-abc12"
    location            = "westeurope"
    resource_group_name = "ml-demo-abc12-rg"
    tags                = { workbook = "ml-demo" }
  }
  registry_id     = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/registry"
  nodes_subnet_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/network/subnets/nodes"
  issuer          = "https://westeurope.oic.prod-aks.azure.com/tenant/issuer/"
  service_account = { namespace = "ml-demo", name = "ml-api" }
}

run "who_may_what" {
  command = plan

  assert {
    condition = (
      azurerm_role_assignment.kubelet_pulls_images.role_definition_name == "AcrPull"
      && azurerm_role_assignment.kubelet_pulls_images.scope == var.registry_id
      && azurerm_role_assignment.kubelet_pulls_images.principal_id == azurerm_user_assigned_identity.main["kubelet"].principal_id
    )
    error_message = "The nodes' identity, and no other, may pull from the registry, and no more than that."
  }

  assert {
    condition = (
      azurerm_role_assignment.control_plane_gives_nodes_their_identity.role_definition_name == "Managed Identity Operator"
      && azurerm_role_assignment.control_plane_gives_nodes_their_identity.scope == azurerm_user_assigned_identity.main["kubelet"].id
      && azurerm_role_assignment.control_plane_gives_nodes_their_identity.principal_id == azurerm_user_assigned_identity.main["control-plane"].principal_id
    )
    error_message = "The cluster may give its nodes their identity, and no other one."
  }

  assert {
    condition = (
      azurerm_role_assignment.control_plane_attaches_to_subnet.role_definition_name == "Network Contributor"
      && azurerm_role_assignment.control_plane_attaches_to_subnet.scope == var.nodes_subnet_id
      && azurerm_role_assignment.control_plane_attaches_to_subnet.principal_id == azurerm_user_assigned_identity.main["control-plane"].principal_id
    )
    error_message = "The cluster may change the subnet of its nodes, and not the whole network."
  }
}

run "the_application_proves_who_it_is" {
  command = plan

  assert {
    condition     = azurerm_federated_identity_credential.application.subject == "system:serviceaccount:ml-demo:ml-api"
    error_message = "One ServiceAccount of one namespace is trusted."
  }

  assert {
    condition     = azurerm_federated_identity_credential.application.issuer == var.issuer
    error_message = "The tokens of this cluster are trusted, and of no other."
  }

  assert {
    condition     = azurerm_federated_identity_credential.application.audience == tolist(["api://AzureADTokenExchange"])
    error_message = "A token that was made for somebody else is not accepted."
  }

  assert {
    condition     = azurerm_federated_identity_credential.application.user_assigned_identity_id == azurerm_user_assigned_identity.main["application"].id
    error_message = "The ServiceAccount becomes the application, not the cluster or its nodes."
  }

  assert {
    condition     = output.application_client_id == "33333333-3333-3333-3333-000000000000" && output.kubelet.object_id == "22222222-2222-2222-2222-222222222222"
    error_message = "Each output is of the identity that it names."
  }
}

run "names_and_tags" {
  command = plan

  assert {
    condition     = [for identity in azurerm_user_assigned_identity.main : identity.name] == ["ml-demo-abc12-application", "ml-demo-abc12-control-plane", "ml-demo-abc12-kubelet"]
    error_message = "The identities' names begin as the others do."
  }

  assert {
    condition     = alltrue([for identity in azurerm_user_assigned_identity.main : identity.tags == tomap({ workbook = "ml-demo" })])
    error_message = "Everything that can carry a tag carries workbook."
  }
}

run "refuses_a_pattern_as_service_account" {
  command = plan

  variables {
    service_account = { namespace = "ml-demo", name = "*" }
  }

  expect_failures = [var.service_account]
}
