variable "prefix" {
  description = "What all names begin with, and the value of the tag workbook."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.prefix)) && length(var.prefix) >= 3 && length(var.prefix) <= 12
    error_message = "prefix has 3 to 12 characters: lower-case letters, digits and single hyphens, a letter first. The strictest name made of it may have 24."
  }
}

variable "location" {
  description = "The region, by its short name."
  type        = string
  default     = "westeurope"

  validation {
    condition     = can(regex("^[a-z]+[0-9]?$", var.location))
    error_message = "location is the short name of a region, such as westeurope: az account list-locations --query '[].name'."
  }
}

variable "node_size" {
  description = "The size of the nodes: one that the region offers, and the subscription has quota for."
  type        = string
  default     = "Standard_D4as_v5"
}

variable "node_count" {
  description = "How many nodes the cluster has: each costs the same, and takes its part of the quota."
  type        = number
  default     = 1
}

variable "addresses" {
  description = "The address plan. None of the ranges may be in use in a network that this one shall reach."
  type = object({
    network  = string
    services = string
    pods     = string
  })
  default = {
    network  = "10.20.0.0/16"
    services = "172.16.0.0/16"
    pods     = "192.168.0.0/16"
  }
}

variable "administrator_password" {
  description = "The password of the database's administrator: set TF_VAR_administrator_password, and it is in no file."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "administrator_password_version" {
  description = "The password is sent when this number is another one."
  type        = number
  default     = 1
}

variable "budget_amount" {
  description = "What a month may cost, in the currency of the subscription."
  type        = number
  default     = 50

  validation {
    condition     = var.budget_amount > 0
    error_message = "budget_amount is more than 0: a budget of nothing never warns."
  }
}

variable "budget_email" {
  description = "Who is told when the budget is nearly spent; none: no budget. Azure refuses one in a subscription that is younger than 48 hours."
  type        = string

  validation {
    condition     = can(regex("^([^@ ]+@[^@ ]+\\.[^@ ]+|none)$", var.budget_email))
    error_message = "budget_email is one e-mail address, or none for no budget."
  }

  validation {
    condition     = !strcontains(var.budget_email, "#")
    error_message = "budget_email is the login of a guest, which gets no mail. Write an address, or none, into .workbook/azure/phase3/budget_email."
  }
}
