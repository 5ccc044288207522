# The cluster that phase 1 makes with az aks create, option by option. What azurerm would assume is
# written down where a later phase relies on it.

resource "azurerm_kubernetes_cluster" "main" {
  #checkov:skip=CKV_AZURE_4:logs and metrics are what phase 6 is about
  #checkov:skip=CKV_AZURE_6:the address of a learner changes; who may do what is asked at sign-in
  #checkov:skip=CKV_AZURE_115:a private API server needs a machine within the network to work from
  #checkov:skip=CKV_AZURE_116:the namespaces enforce Pod Security themselves, on every target
  #checkov:skip=CKV_AZURE_117:disks are encrypted with Azure's key; one of your own needs a key vault
  #checkov:skip=CKV_AZURE_141:without local accounts, kubectl needs kubelogin and a group in Entra
  #checkov:skip=CKV_AZURE_170:the free tier promises no availability, and costs nothing
  #checkov:skip=CKV_AZURE_172:secrets from a key vault are what phase 5 is about
  #checkov:skip=CKV_AZURE_226:an ephemeral disk must fit the cache of the size, and some sizes have none
  #checkov:skip=CKV_AZURE_227:encryption at the host must be registered for the subscription first
  #checkov:skip=CKV_AZURE_232:one pool for the system and the application: a second one is a second node to pay
  name                = "${var.common.name}-aks"
  resource_group_name = var.common.resource_group_name
  location            = var.common.location
  tags                = var.common.tags

  dns_prefix                = var.common.name
  node_resource_group       = "${var.common.name}-nodes-rg" # where Azure puts the parts that cost money
  sku_tier                  = "Free"
  kubernetes_version        = var.kubernetes_version
  automatic_upgrade_channel = "patch"
  node_os_upgrade_channel   = "NodeImage"

  # A pod proves who it is with a token that the cluster signs, and Entra checks.
  oidc_issuer_enabled       = true
  workload_identity_enabled = true

  default_node_pool {
    name                        = "system"
    vm_size                     = var.node_size
    node_count                  = var.node_count
    os_sku                      = "AzureLinux"
    max_pods                    = 110       # the default, 250, reserves 4 of the node's 16 GB; 110 reserve 2.25
    os_disk_type                = "Managed" # an ephemeral one needs a local disk, which most sizes that doctor offers lack
    os_disk_size_gb             = 64        # AKS would give a node with 4 vCPUs 128, for twice the price
    vnet_subnet_id              = var.nodes_subnet_id
    temporary_name_for_rotation = "rotation" # the pool to move to when the size changes
    tags                        = var.common.tags

    upgrade_settings {
      max_surge = "10%"
    }
  }

  node_provisioning_profile {
    mode = "Manual" # with Auto, the cluster could not be stopped
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [var.control_plane_id]
  }

  kubelet_identity {
    user_assigned_identity_id = var.kubelet.id
    client_id                 = var.kubelet.client_id
    object_id                 = var.kubelet.object_id
  }

  network_profile {
    network_plugin      = "azure"
    network_plugin_mode = "overlay" # pods have addresses of their own, and none of the network's
    network_data_plane  = "cilium"
    network_policy      = "cilium" # without an engine, the rules of phase 5 would be accepted and ignored
    load_balancer_sku   = "standard"
    outbound_type       = "loadBalancer"
    pod_cidr            = var.addresses.pods
    service_cidr        = var.addresses.services
    dns_service_ip      = cidrhost(var.addresses.services, 10)
  }

  lifecycle {
    # Phase 4 switches the Gateway API on with az aks update: azurerm 5.10 has no argument for it, but
    # reports the add-on here, and the next apply would take it away.
    ignore_changes = [web_app_routing]
  }
}
