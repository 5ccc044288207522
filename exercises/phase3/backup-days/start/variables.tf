variable "backup_days" {
  description = "For how many days a backup is kept."
  type        = number
  default     = 7
}
