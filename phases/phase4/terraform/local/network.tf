# Who may open a connection to the database. A policy that selects a pod refuses all that none names;
# this one selects every pod of the namespace.

resource "kubectl_manifest" "only_the_api" {
  yaml_body = yamlencode({
    apiVersion = "networking.k8s.io/v1"
    kind       = "NetworkPolicy"
    metadata = {
      name      = "only-the-api"
      namespace = "ml-data"
      labels    = { "workbook/phase" = "3" }
    }
    spec = {
      podSelector = {}
      policyTypes = ["Ingress"]
      ingress = [{
        from = [{
          namespaceSelector = { matchLabels = { "kubernetes.io/metadata.name" = "ml-demo" } }
          podSelector = {
            matchExpressions = [{
              key      = "app.kubernetes.io/component"
              operator = "In"
              values   = ["api", "migration", "retention"]
            }]
          }
        }]
        ports = [{ protocol = "TCP", port = 5432 }]
      }]
    }
  })
}
