variable "common" {
  description = "What all modules share: the name that others begin with, and where and how things are kept."
  type = object({
    name                = string
    location            = string
    resource_group_name = string
    tags                = map(string)
  })
}

variable "kubernetes_version" {
  description = "The minor version; Azure keeps it patched."
  type        = string

  validation {
    condition     = can(regex("^1\\.[0-9]+$", var.kubernetes_version))
    error_message = "kubernetes_version is a minor version such as 1.36: with a third number, the automatic patches would look like drift."
  }
}

variable "node_count" {
  description = "How many nodes the cluster has."
  type        = number

  validation {
    condition     = var.node_count >= 1 && floor(var.node_count) == var.node_count
    error_message = "node_count is a whole number from 1 on: a system pool cannot be empty. To pay for no node, stop the cluster: az aks stop."
  }
}

variable "node_size" {
  description = "The size of the nodes."
  type        = string

  validation {
    condition     = can(regex("^Standard_", var.node_size)) && !startswith(var.node_size, "Standard_B")
    error_message = "node_size is a VM size such as Standard_D4as_v5, and none of the B series: AKS does not support these for system pools."
  }
}

variable "nodes_subnet_id" {
  description = "Where the nodes get their addresses."
  type        = string
}

variable "addresses" {
  description = "The ranges that only the cluster knows, as the network's address plan has them."
  type = object({
    services = string
    pods     = string
  })
}

variable "control_plane_id" {
  description = "The identity that the cluster acts as."
  type        = string
}

variable "kubelet" {
  description = "The identity that the nodes act as, for example when they pull images."
  type = object({
    id        = string
    client_id = string
    object_id = string
  })
}
