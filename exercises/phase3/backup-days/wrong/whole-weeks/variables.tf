variable "backup_days" {
  description = "For how many days a backup is kept."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 7 && var.backup_days <= 35 && var.backup_days % 7 == 0
    error_message = "backup_days is a whole number from 7 to 35."
  }
}
