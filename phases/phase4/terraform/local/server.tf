# The server that lesson 2 made by hand: the same objects, from the same files. What must outlive it
# is not here: the namespace, the volume, the claim on it, the Secrets.

locals {
  files = "${path.module}/../../../../k8s/postgres"

  configuration = {
    for name in ["pg_hba.conf", "postgresql.conf", "prepare.sh", "roles.sql"] :
    name => file("${local.files}/${name}")
  }

  # The name ends in a hash of what is in it, as kustomize makes it: other files, another name, and
  # so a new start of the server.
  hash   = sha256(jsonencode({ data = local.configuration, kind = "ConfigMap", name = "" }))
  spoken = { "0" = "g", "1" = "h", "3" = "k", "a" = "m", "e" = "t" } # so that it spells no word
  configuration_name = format("postgres-%s", join("", [
    for sign in split("", substr(local.hash, 0, 10)) : lookup(local.spoken, sign, sign)
  ]))
}

resource "kubectl_manifest" "configuration" {
  yaml_body = yamlencode({
    apiVersion = "v1"
    kind       = "ConfigMap"
    metadata = {
      name      = local.configuration_name
      namespace = "ml-data"
      labels    = { "workbook/phase" = "2" }
    }
    data = local.configuration
  })
}

resource "kubectl_manifest" "service" {
  yaml_body = file("${local.files}/service.yaml")
}

resource "kubectl_manifest" "server" {
  yaml_body = replace(
    replace(
      file("${local.files}/statefulset.yaml"),
      "image: postgres\n", "image: ${var.registry}/postgres:17\n",
    ),
    "configMap:\n            name: postgres\n", "configMap:\n            name: ${local.configuration_name}\n",
  )

  # Made after these and destroyed before them: the server never stands open.
  depends_on = [kubectl_manifest.configuration, kubectl_manifest.only_the_api]
}
