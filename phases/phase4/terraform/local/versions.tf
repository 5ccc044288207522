terraform {
  required_version = ">= 1.11"

  required_providers {
    kubectl = {
      source  = "gavinbunney/kubectl"
      version = "1.14.0"
    }
  }

  # The state is a Secret of this namespace, and the lock on it a Lease. The namespace is there
  # before: what keeps the state cannot be made by what the state describes.
  backend "kubernetes" {
    namespace     = "terraform-state"
    secret_suffix = "local"
  }
}

# Which cluster, and as whom: the file that KUBECONFIG names. The backend reads KUBE_CONFIG_PATH.
provider "kubectl" {}
