mock_provider "azurerm" {}

variables {
  common = {
    name                = "ml-demo-abc12"
    location            = "westeurope"
    resource_group_name = "ml-demo-abc12-rg"
    tags                = { workbook = "ml-demo" }
  }
  kubernetes_version = "1.36"
  node_count         = 1
  node_size          = "Standard_D4as_v5"
  nodes_subnet_id    = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/network/subnets/nodes"
  addresses          = { services = "172.16.0.0/16", pods = "192.168.0.0/16" }
  control_plane_id   = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/control-plane"
  kubelet = {
    id        = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kubelet"
    client_id = "22222222-2222-2222-2222-000000000000"
    object_id = "22222222-2222-2222-2222-222222222222"
  }
}

run "network" {
  command = plan

  assert {
    condition = (
      azurerm_kubernetes_cluster.main.network_profile[0].network_plugin == "azure"
      && azurerm_kubernetes_cluster.main.network_profile[0].network_plugin_mode == "overlay"
      && azurerm_kubernetes_cluster.main.network_profile[0].network_data_plane == "cilium"
    )
    error_message = "Pods have addresses of the overlay, and Cilium carries their packets."
  }

  assert {
    condition     = azurerm_kubernetes_cluster.main.network_profile[0].network_policy == "cilium"
    error_message = "Without a policy engine, network policies are accepted and ignored."
  }

  assert {
    condition = (
      azurerm_kubernetes_cluster.main.network_profile[0].pod_cidr == var.addresses.pods
      && azurerm_kubernetes_cluster.main.network_profile[0].service_cidr == var.addresses.services
      && azurerm_kubernetes_cluster.main.network_profile[0].dns_service_ip == "172.16.0.10"
    )
    error_message = "Services, pods and the cluster's own name server have addresses of the plan."
  }

  assert {
    condition     = azurerm_kubernetes_cluster.main.default_node_pool[0].vnet_subnet_id == var.nodes_subnet_id
    error_message = "The nodes are in our network, and not in one that Azure makes for them."
  }
}

run "identity" {
  command = plan

  assert {
    condition     = azurerm_kubernetes_cluster.main.oidc_issuer_enabled && azurerm_kubernetes_cluster.main.workload_identity_enabled
    error_message = "Workload identity needs both switches."
  }

  assert {
    condition = (
      azurerm_kubernetes_cluster.main.identity[0].type == "UserAssigned"
      && azurerm_kubernetes_cluster.main.identity[0].identity_ids == toset([var.control_plane_id])
    )
    error_message = "The cluster acts as the control plane's identity."
  }

  assert {
    condition = (
      azurerm_kubernetes_cluster.main.kubelet_identity[0].object_id == var.kubelet.object_id
      && azurerm_kubernetes_cluster.main.kubelet_identity[0].client_id == var.kubelet.client_id
      && azurerm_kubernetes_cluster.main.kubelet_identity[0].user_assigned_identity_id == var.kubelet.id
    )
    error_message = "The nodes act as the identity that may pull images."
  }
}

run "names_tags_and_cost" {
  command = plan

  assert {
    condition     = azurerm_kubernetes_cluster.main.name == "ml-demo-abc12-aks" && azurerm_kubernetes_cluster.main.node_resource_group == "ml-demo-abc12-nodes-rg"
    error_message = "The names begin as the others do, also that of the group that Azure makes."
  }

  assert {
    condition     = alltrue([for each in [azurerm_kubernetes_cluster.main, azurerm_kubernetes_cluster.main.default_node_pool[0]] : each.tags == tomap({ workbook = "ml-demo" })])
    error_message = "Everything that can carry a tag carries workbook."
  }

  assert {
    condition     = azurerm_kubernetes_cluster.main.sku_tier == "Free" && azurerm_kubernetes_cluster.main.node_provisioning_profile[0].mode == "Manual"
    error_message = "The control plane costs nothing, and the cluster can be stopped."
  }

  assert {
    condition     = azurerm_kubernetes_cluster.main.default_node_pool[0].max_pods == 110
    error_message = "More pods would reserve more of the node's memory."
  }

  assert {
    condition = (
      azurerm_kubernetes_cluster.main.default_node_pool[0].os_disk_type == "Managed"
      && azurerm_kubernetes_cluster.main.default_node_pool[0].os_disk_size_gb == 64
    )
    error_message = "Every size has a disk of this size; to change it later, AKS replaces the nodes."
  }
}

run "refuses_a_patch_version" {
  command = plan

  variables {
    kubernetes_version = "1.36.4"
  }

  expect_failures = [var.kubernetes_version]
}

run "refuses_a_cluster_without_nodes" {
  command = plan

  variables {
    node_count = 0
  }

  expect_failures = [var.node_count]
}

run "refuses_nodes_that_azure_does_not_support" {
  command = plan

  variables {
    node_size = "Standard_B2s"
  }

  expect_failures = [var.node_size]
}
