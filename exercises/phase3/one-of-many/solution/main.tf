resource "terraform_data" "rule" {
  for_each = toset(["api", "migration"])
  input    = each.key
}

moved {
  from = terraform_data.rule
  to   = terraform_data.rule["api"]
}
