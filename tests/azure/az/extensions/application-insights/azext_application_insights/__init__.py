"""What azure-cli's extension application-insights lets one type, and nothing behind it."""

from typing import Any

from azure.cli.core import AzCommandsLoader
from azure.cli.core.commands.parameters import get_enum_type, get_location_type, tags_type

GROUP = "monitor app-insights component"


class Loader(AzCommandsLoader):  # type: ignore[misc]
    def load_command_table(self, args: Any) -> Any:
        with self.command_group(GROUP, operations_tmpl=f"{__name__}#{{}}") as group:
            group.command("create", "create")
            group.command("show", "show")
            group.command("delete", "delete", confirmation=True)
        return self.command_table

    def load_arguments(self, command: str) -> None:
        access = get_enum_type(["Enabled", "Disabled"])
        with self.argument_context(GROUP) as group:
            group.argument("application", options_list=["--app", "-a"])
            group.argument("location", arg_type=get_location_type(self.cli_ctx))
            group.argument("kind", options_list=["--kind", "-k"])
            group.argument("application_type", options_list=["--application-type", "--type", "-t"])
            group.argument("workspace", options_list=["--workspace"])
            group.argument("retention", options_list=["--retention-time"], type=int)
            group.argument("ingestion", options_list=["--ingestion-access"], arg_type=access)
            group.argument("query_access", options_list=["--query-access"], arg_type=access)
            group.argument("tags", arg_type=tags_type)


def create(
    application: str,
    resource_group_name: str,
    location: str,
    kind: str = "web",
    application_type: str = "web",
    workspace: str | None = None,
    retention: int | None = None,
    ingestion: str | None = None,
    query_access: str | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    """Create an Application Insights resource."""


def show(application: str | None = None, resource_group_name: str | None = None) -> None:
    """Show one, or all that there are."""


def delete(application: str, resource_group_name: str) -> None:
    """Delete one."""


COMMAND_LOADER_CLS = Loader
