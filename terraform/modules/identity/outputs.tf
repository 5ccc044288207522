output "control_plane_id" {
  description = "The identity that the cluster acts as, once it may."
  value       = azurerm_user_assigned_identity.main["control-plane"].id
  depends_on  = [time_sleep.roles_are_known]
}

output "kubelet" {
  description = "The identity that the nodes act as, once they may pull images."
  value = {
    id        = azurerm_user_assigned_identity.main["kubelet"].id
    client_id = azurerm_user_assigned_identity.main["kubelet"].client_id
    object_id = azurerm_user_assigned_identity.main["kubelet"].principal_id
  }
  depends_on = [time_sleep.roles_are_known]
}

output "application_client_id" {
  description = "What the ServiceAccount's annotation azure.workload.identity/client-id names."
  value       = azurerm_user_assigned_identity.main["application"].client_id
}
