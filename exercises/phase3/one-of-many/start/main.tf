resource "terraform_data" "rule" {
  for_each = toset(["api", "migration"])
  input    = each.key
}
