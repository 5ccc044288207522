output "database_host" {
  description = "Where the API finds the database, from inside the cluster."
  value       = "postgres.ml-data.svc.cluster.local"
}
