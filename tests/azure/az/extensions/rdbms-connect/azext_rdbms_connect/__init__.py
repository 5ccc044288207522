"""What azure-cli's extension rdbms-connect lets one type, and nothing behind it."""

from typing import Any

from azure.cli.core import AzCommandsLoader

GROUP = "postgres flexible-server"


class Loader(AzCommandsLoader):  # type: ignore[misc]
    def load_command_table(self, args: Any) -> Any:
        with self.command_group(GROUP, operations_tmpl=f"{__name__}#{{}}") as group:
            group.command("execute", "execute")
        return self.command_table

    def load_arguments(self, command: str) -> None:
        with self.argument_context(f"{GROUP} execute") as group:
            group.argument("server_name", options_list=["--name", "-n"])
            group.argument("user", options_list=["--admin-user", "-u"])
            group.argument("password", options_list=["--admin-password", "-p"])
            group.argument("database_name", options_list=["--database-name", "-d"])
            group.argument("text", options_list=["--querytext", "-q"])
            group.argument("file", options_list=["--file-path", "-f"])


def execute(
    server_name: str,
    user: str,
    password: str,
    database_name: str | None = None,
    text: str | None = None,
    file: str | None = None,
) -> None:
    """Run a statement, or those of a file."""


COMMAND_LOADER_CLS = Loader
