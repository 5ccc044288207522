resource "terraform_data" "rule" {
  for_each = toset(["api", "migration"])
  input    = "api"
}

moved {
  from = terraform_data.rule
  to   = terraform_data.rule["api"]
}
