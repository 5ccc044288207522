variable "registry" {
  description = "The registry that the server's image comes from, as localhost:5001."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+(:[0-9]+)?$", var.registry))
    error_message = "A registry is a host, with or without a port, and nothing more: localhost:5001."
  }
}
