variable "common" {
  description = "What all modules share: the name that others begin with, and where and how things are kept."
  type = object({
    name                = string
    location            = string
    resource_group_name = string
    tags                = map(string)
  })
}

variable "addresses" {
  description = "The address plan: ranges of the virtual network, of the cluster's Services and of its pods."
  type = object({
    network  = string
    services = string
    pods     = string
  })

  validation {
    condition = alltrue([
      for range in values(var.addresses) :
      can(cidrnetmask(range)) && try(cidrhost(range, 0) == split("/", range)[0], false)
    ])
    error_message = "Each range is an IPv4 network address and the length of its prefix, such as 10.20.0.0/16."
  }

  validation {
    # Cut to the shorter of the two prefixes, overlapping ranges have the same first address.
    # What is no range at all is said above.
    condition = alltrue([
      for pair in [["network", "services"], ["network", "pods"], ["services", "pods"]] :
      try(
        length(distinct([
          for name in pair : cidrhost(format("%s/%d", split("/", var.addresses[name])[0], min([
            for each in pair : tonumber(split("/", var.addresses[each])[1])
          ]...)), 0)
        ])) == 2,
        true
      )
    ])
    error_message = "network, services and pods must not overlap: an address would mean two things, and packets would go to the wrong one."
  }

  validation {
    condition     = try(contains(range(16, 21), tonumber(split("/", var.addresses.network)[1])), false)
    error_message = "network has a prefix of 16 to 20, so that each subnet that is cut from it is large enough."
  }
}

variable "endpoint_ports" {
  description = "The ports of the services that Azure runs: the cluster's pods may reach these, and nobody may reach another."
  type        = list(number)

  validation {
    condition     = length(var.endpoint_ports) > 0
    error_message = "endpoint_ports names one port at least: Azure refuses a rule without any."
  }

  validation {
    condition     = alltrue([for port in var.endpoint_ports : port >= 1 && port <= 65535 && floor(port) == port])
    error_message = "Each of endpoint_ports is a whole number from 1 to 65535."
  }
}
