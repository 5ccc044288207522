variable "common" {
  description = "What all modules share: the name that others begin with, and where and how things are kept."
  type = object({
    name                = string
    location            = string
    resource_group_name = string
    tags                = map(string)
  })
}

variable "registry_id" {
  description = "The registry that the cluster's nodes pull images from."
  type        = string
}

variable "nodes_subnet_id" {
  description = "The subnet that the cluster attaches nodes and load balancers to."
  type        = string
}

variable "issuer" {
  description = "Who signs the tokens of the cluster's ServiceAccounts."
  type        = string
}

variable "service_account" {
  description = "The ServiceAccount whose pods may act as the application."
  type = object({
    namespace = string
    name      = string
  })

  validation {
    condition = alltrue([
      for name in values(var.service_account) : can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", name))
    ])
    error_message = "Namespace and ServiceAccount are named exactly: Entra knows no wildcard, and a pattern would match nothing."
  }
}
