"""Mistakes in the Terraform code, and who finds each: test_terraform.py tries them all."""

from dataclasses import dataclass
from pathlib import Path

CLUSTER = "terraform/modules/cluster/main.tf"
DATABASE = "terraform/modules/database/main.tf"
IDENTITY = "terraform/modules/identity/main.tf"
NETWORK = "terraform/modules/network/main.tf"
REGISTRY = "terraform/modules/registry/main.tf"
STATE = "terraform/bootstrap/main.tf"
ROOT = "phases/phase3/terraform/azure/main.tf"

MANUAL = """\
  node_provisioning_profile {
    mode = "Manual" # with Auto, the cluster could not be stopped
  }
"""
OUTPUTS = """\
  value       = azurerm_user_assigned_identity.main["control-plane"].id
  depends_on  = [time_sleep.roles_are_known]
}

output "kubelet" {
  description = "The identity that the nodes act as, once they may pull images."
  value = {
    id        = azurerm_user_assigned_identity.main["kubelet"].id
    client_id = azurerm_user_assigned_identity.main["kubelet"].client_id
    object_id = azurerm_user_assigned_identity.main["kubelet"].principal_id
  }
  depends_on = [time_sleep.roles_are_known]
"""
TAGS = "tags                = var.common.tags"


@dataclass(frozen=True)
class Mistake:
    """A change of one file, the tool that finds it, and what the tool says."""

    name: str
    finder: str  # validate, plan, order, tflint, checkov; or the run of a test
    says: str
    file: str
    old: str
    new: str

    def make(self, root: Path) -> None:
        """Make the mistake in a copy of the code.

        Raises:
            ValueError: the code has changed, and what the mistake replaces is not there, or twice.
        """
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(
                f"{self.name}: in {self.file} {text.count(self.old)} times: {self.old}"
            )
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


MISTAKES = [
    # Terraform itself, with the schema of azurerm
    Mistake(
        "an argument that azurerm has no more",
        "validate",
        'An argument named "trust_policy_enabled" is not expected here.',
        REGISTRY,
        "admin_enabled       = false",
        "admin_enabled       = false\n  trust_policy_enabled = true",
    ),
    Mistake(
        "a block is missing",
        "validate",
        "Insufficient node_provisioning_profile blocks",
        CLUSTER,
        MANUAL,
        "",
    ),
    Mistake(
        "a block is there twice",
        "validate",
        "Too many node_provisioning_profile blocks",
        CLUSTER,
        MANUAL,
        2 * MANUAL,
    ),
    Mistake(
        "an argument is missing",
        "validate",
        'The argument "issuer" is required',
        IDENTITY,
        "  issuer                    = var.issuer\n",
        "",
    ),
    Mistake(
        "an argument is null",
        "validate",
        'The argument "issuer" is required',
        IDENTITY,
        "issuer                    = var.issuer",
        "issuer                    = null",
    ),
    Mistake(
        "a text for a number",
        "validate",
        'Inappropriate value for attribute "storage_mb": a number is required.',
        DATABASE,
        "storage_mb                   = 32768",
        'storage_mb                   = "32 GB"',
    ),
    Mistake(
        "a text for a list",
        "validate",
        'Inappropriate value for attribute "address_prefixes": list of string required.',
        NETWORK,
        "[local.subnets.endpoints]",
        "local.subnets.endpoints",
    ),
    Mistake(
        "a value for what Azure decides",
        "validate",
        'Value for unconfigurable attribute "login_server" is decided by the provider',
        REGISTRY,
        "admin_enabled       = false",
        'admin_enabled       = false\n  login_server        = "registry.azurecr.io"',
    ),
    Mistake(
        "a reference to what is not there",
        "validate",
        "Reference to undeclared resource",
        NETWORK,
        "= azurerm_subnet.endpoints.id",
        "= azurerm_subnet.private.id",
    ),
    Mistake(
        "an output that a module does not have",
        "validate",
        'This object does not have an attribute named "subnet_id".',
        ROOT,
        "endpoints_subnet_id            = module.network.endpoints_subnet_id",
        "endpoints_subnet_id            = module.network.subnet_id",
    ),
    Mistake(
        "a resource type of an older azurerm",
        "validate",
        'does not support resource type "azurerm_postgresql_server"',
        DATABASE,
        'resource "azurerm_postgresql_flexible_server" "main"',
        'resource "azurerm_postgresql_server" "main"',
    ),
    Mistake(
        "the cluster waits for what waits for the cluster",
        "validate",
        "Cycle:",
        "terraform/modules/identity/outputs.tf",
        "  }\n  depends_on = [time_sleep.roles_are_known]",
        "  }\n  depends_on = [azurerm_federated_identity_credential.application]",
    ),
    Mistake(
        "a provider without features",
        "validate",
        'At least 1 "features" block is required in the provider configuration.',
        "phases/phase3/terraform/azure/versions.tf",
        "  features {}\n",
        "",
    ),
    Mistake(
        "the password where it would be kept",
        "validate",
        "Invalid use of ephemeral value",
        DATABASE,
        "administrator_password_wo         =",
        "administrator_password            =",
    ),
    # a plan
    Mistake(
        "ranges that overlap",
        "plan",
        "network, services and pods must not overlap",
        "phases/phase3/terraform/azure/variables.tf",
        'services = "172.16.0.0/16"',
        'services = "10.20.128.0/20"',
    ),
    Mistake(
        "a part without the tag",
        "plan",
        "azurerm_user_assigned_identity.untagged: no tag workbook",
        ROOT,
        "# It warns, and stops nothing.",
        'resource "azurerm_user_assigned_identity" "untagged" {\n  name = "untagged"\n'
        "  resource_group_name = azurerm_resource_group.main.name\n"
        "  location = var.location\n}\n",
    ),
    # the tests beside the modules, by their runs
    Mistake(
        "subnets that overlap",
        "address_plan",
        "The subnets overlap.",
        NETWORK,
        "cidrsubnet(var.addresses.network, 8, 16)",
        "cidrsubnet(var.addresses.network, 8, 15)",
    ),
    Mistake(
        "the range that phase 7 needs is cut from another",
        "address_plan",
        "The subnets overlap.",
        NETWORK,
        "cidrsubnet(var.addresses.network, 6, 5)",
        "cidrsubnet(var.addresses.network, 6, 4)",
    ),
    Mistake(
        "the nodes reach every port of the services",
        "only_the_cluster_reaches_the_database",
        "The nodes may reach PostgreSQL's port, and nothing else is let in.",
        NETWORK,
        "destination_port_ranges    = var.endpoint_ports",
        'destination_port_ranges    = ["0-65535"]',
    ),
    Mistake(
        "everything in the network reaches the database",
        "only_the_cluster_reaches_the_database",
        "Without a rule that denies the rest, Azure lets in everything within the network.",
        NETWORK,
        'access                     = "Deny"',
        'access                     = "Allow"',
    ),
    Mistake(
        "a public database",
        "no_public_database",
        "The database has no public address.",
        DATABASE,
        "public_network_access_enabled = false",
        "public_network_access_enabled = true",
    ),
    Mistake(
        "a password that is in the code, and in the state",
        "no_password_in_the_state",
        "administrator_password is kept in the state",
        DATABASE,
        "administrator_password_wo         = var.administrator_password",
        'administrator_password            = "Only-for-this-test-1"',
    ),
    Mistake(
        "a database that does not ask for TLS",
        "tls",
        "A connection without TLS, or with an old one, is refused.",
        DATABASE,
        'require_secure_transport = "on"',
        'require_secure_transport = "off"',
    ),
    Mistake(
        "a tag is missing",
        "version_names_and_tags",
        "Everything that can carry a tag carries workbook.",
        DATABASE,
        f"  subnet_id           = var.endpoints_subnet_id\n  {TAGS}\n",
        "  subnet_id           = var.endpoints_subnet_id\n",
    ),
    Mistake(
        "the wrong identity may pull images",
        "who_may_what",
        "The nodes' identity, and no other, may pull from the registry",
        IDENTITY,
        'role_definition_name = "AcrPull"\n'
        '  principal_id         = azurerm_user_assigned_identity.main["kubelet"]',
        'role_definition_name = "AcrPull"\n'
        '  principal_id         = azurerm_user_assigned_identity.main["application"]',
    ),
    Mistake(
        "the tokens of another cluster are trusted",
        "the_application_proves_who_it_is",
        "The tokens of this cluster are trusted, and of no other.",
        IDENTITY,
        "= var.issuer",
        '= "https://westeurope.oic.prod-aks.azure.com/tenant/another/"',
    ),
    Mistake(
        "network policies are not enforced",
        "network",
        "Without a policy engine, network policies are accepted and ignored.",
        CLUSTER,
        'network_policy      = "cilium"',
        'network_policy      = "azure"',
    ),
    Mistake(
        "a key opens the state to whoever has it",
        "entra_decides_who_comes_in",
        "There is no key and no user of the account's own.",
        STATE,
        "shared_access_key_enabled       = false",
        "shared_access_key_enabled       = true",
    ),
    Mistake(
        "a disk that costs twice as much",
        "names_tags_and_cost",
        "Every size has a disk of this size",
        CLUSTER,
        "os_disk_size_gb             = 64 ",
        "os_disk_size_gb             = 128 ",
    ),
    Mistake(
        "a validation that lets everything through",
        "refuses_nodes_that_azure_does_not_support",
        "Missing expected failure",
        "terraform/modules/cluster/variables.tf",
        '&& !startswith(var.node_size, "Standard_B")',
        "",
    ),
    # what the code said before, by the names of the audit (tests/azure/test_old_faults.py)
    Mistake(
        "A6: the database's endpoint is made while its settings are",
        "order",
        "azurerm_private_endpoint.main does not wait for "
        "module.database.azurerm_postgresql_flexible_server_configuration.tls",
        DATABASE,
        "\n  depends_on = [azurerm_postgresql_flexible_server_configuration.tls]\n",
        "",
    ),
    Mistake(
        "A7: the cluster is made before Azure knows its roles",
        "order",
        "azurerm_kubernetes_cluster.main does not wait for "
        "module.identity.time_sleep.roles_are_known",
        "terraform/modules/identity/outputs.tf",
        OUTPUTS,
        OUTPUTS.replace(
            "time_sleep.roles_are_known", "azurerm_role_assignment.kubelet_pulls_images"
        ),
    ),
    Mistake(
        "A8: a budget cannot be left out",
        "no_budget_where_azure_refuses_one",
        "In a new subscription, apply must be able to leave the budget out.",
        ROOT,
        'count = var.budget_email == "none" ? 0 : 1',
        "count = 1",
    ),
    Mistake(
        "A10: the size of the nodes cannot be chosen",
        "tflint",
        'variable "node_size" is declared but not used',
        CLUSTER,
        "vm_size                     = var.node_size",
        'vm_size                     = "Standard_D4as_v5"',
    ),
    Mistake(
        "B9: memory for 250 pods",
        "names_tags_and_cost",
        "More pods would reserve more of the node's memory.",
        CLUSTER,
        "max_pods                    = 110 ",
        "max_pods                    = 250 ",
    ),
    # the linters
    Mistake(
        "a variable that nobody uses",
        "tflint",
        'variable "unused" is declared but not used',
        "terraform/modules/registry/variables.tf",
        'variable "common" {',
        'variable "unused" {\n  description = "Nothing."\n  type = string\n}\nvariable "common" {',
    ),
    Mistake(
        "a registry with a user and a password",
        "checkov",
        "CKV_AZURE_137 Ensure ACR admin account is disabled",
        REGISTRY,
        "admin_enabled       = false",
        "admin_enabled       = true",
    ),
]
