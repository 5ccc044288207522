variable "common" {
  description = "What all modules share: the name that others begin with, and where and how things are kept."
  type = object({
    name                = string
    location            = string
    resource_group_name = string
    tags                = map(string)
  })
}

variable "network_id" {
  description = "The virtual network in which the server's name leads to its private address."
  type        = string
}

variable "endpoints_subnet_id" {
  description = "Where the server gets its private address."
  type        = string
}

variable "administrator_password" {
  description = "The administrator's password. It is sent to Azure and kept in no plan and no state."
  type        = string
  sensitive   = true
  ephemeral   = true

  validation {
    condition = (
      length(var.administrator_password) >= 16 && length(var.administrator_password) <= 128
      && length([
        for kind in ["[a-z]", "[A-Z]", "[0-9]", "[^a-zA-Z0-9]"] : kind
        if can(regex(kind, var.administrator_password))
      ]) >= 3
    )
    error_message = "administrator_password has 16 to 128 characters of at least three kinds: lower case, upper case, digits, others."
  }
}

variable "administrator_password_version" {
  description = "Count up to have a new password sent: Terraform cannot see that a value it does not keep has changed."
  type        = number
}
