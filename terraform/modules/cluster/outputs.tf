output "name" {
  description = "The name that az aks get-credentials asks for."
  value       = azurerm_kubernetes_cluster.main.name
}

output "oidc_issuer_url" {
  description = "Who signs the tokens of the cluster's ServiceAccounts."
  value       = azurerm_kubernetes_cluster.main.oidc_issuer_url
}
