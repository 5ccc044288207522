variable "backup_days" {
  description = "For how many days a backup is kept."
  type        = number
  default     = 7

  validation {
    condition = var.backup_days >= 7 && var.backup_days <= 35 && floor(var.backup_days) == var.backup_days
  }
}
