# Everything that is known of the language. Of azurerm, Terraform itself knows more.
plugin "terraform" {
  enabled = true
  preset  = "all"
}
