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
