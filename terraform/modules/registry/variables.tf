variable "common" {
  description = "What all modules share: the name that others begin with, and where and how things are kept."
  type = object({
    name                = string
    location            = string
    resource_group_name = string
    tags                = map(string)
  })
}
