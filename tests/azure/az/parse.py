"""Hold `az` command lines against azure-cli's own parser. No line is run, and nobody is asked.

Runs in the environment of tests/azure/azure-cli.lock: `python -m az.parse`. The parser is stopped
before it hands over to the command; the newer ("AAZ") commands look at their arguments after that,
so theirs are looked at too.
stdin: JSON, a list of lines: the words, whether a text only mentions the command, and which
extensions have been added before it.
stdout: JSON, for each line what azure-cli says against it, or null.
"""

import json
import sys
from contextlib import redirect_stdout
from typing import Any, NoReturn

from azure.cli.core.aaz import AAZCommand, _command_ctx
from azure.cli.core.commands.validators import IterateValue
from azure.cli.core.parser import AzCliCommandParser
from knack.events import EVENT_INVOKER_POST_PARSE_ARGS

from az.offline import NOT_KNOWN, new_cli


class Parsed(BaseException):
    """The parser accepts the line; BaseException, as azure-cli would catch any other."""

    def __init__(self, arguments: Any) -> None:
        super().__init__()
        self.arguments = arguments


class Refused(BaseException):
    """The parser does not accept the line; the message says why."""


class Parser(AzCliCommandParser):  # type: ignore[misc]
    """azure-cli's own parser, whose findings come back instead of being printed."""

    only_mentioned = False

    def error(self, message: str) -> NoReturn:
        if Parser.only_mentioned and "arguments are required" in message:
            options = [word for word in self._raw_arguments if word.startswith("-")]
            unknown = [name for name in options if name not in self._option_string_actions]
            if not unknown:
                raise Parsed(None)
            message = f"unrecognized arguments: {' '.join(unknown)}"
        raise Refused(message)

    validation_error = error

    def _check_value(self, action: Any, value: Any) -> None:
        if action.choices is None or value in action.choices or value == NOT_KNOWN:
            return
        if not self.command_source:
            raise Refused(f"{self.prog} has no command {value}")
        allowed = ", ".join(map(str, action.choices))
        raise Refused(f"{action.option_strings[0]} does not take {value}, only {allowed}")


def refusal(cli: Any, words: list[str], only_mentioned: bool, extensions: list[str]) -> str | None:
    """What azure-cli says against a line."""
    try:
        arguments = parse(cli, words, only_mentioned)
        if arguments and not only_mentioned:
            look_further(cli, arguments, extensions)
    except (Refused, Exception) as refused:  # the newer commands have errors of their own
        said = str(refused)
        if only_mentioned and said.endswith("are required"):  # of --name and --ids, say, one
            return None
        if NOT_KNOWN in said and NOT_KNOWN in words:  # perhaps a number is wanted
            words = ["1" if word == NOT_KNOWN else word for word in words]
            return refusal(cli, words, only_mentioned, extensions)
        return said
    return None


def parse(cli: Any, words: list[str], only_mentioned: bool) -> Any:
    """What the parser makes of a line; None where it stops at the name of a group or a command.

    Raises:
        Refused: it does not accept the line.
    """
    Parser.only_mentioned = only_mentioned
    cli.invocation = cli.invocation_cls(
        cli_ctx=cli,
        parser_cls=Parser,
        commands_loader_cls=cli.commands_loader_cls,
        help_cls=cli.help_cls,
    )
    try:
        cli.invocation.execute(words)
    except Parsed as parsed:
        return parsed.arguments
    except SystemExit as ended:  # a group alone shows its help
        if ended.code:
            raise Refused("azure-cli gave up") from None
    return None


def look_further(cli: Any, arguments: Any, extensions: list[str]) -> None:
    """Look at what comes after the parser: an extension, a question, a newer command's own look.

    Raises:
        Refused: the extension is missing, or the question would wait for an answer.
    """
    command = arguments.func
    extension = getattr(command.command_source, "extension_name", None)
    if extension and extension not in extensions:
        raise Refused(f"it needs: az extension add --name {extension}")
    asks = command.confirmation and not callable(command.confirmation)  # else only now and then
    if asks and not arguments.yes:
        raise Refused("it asks a question: --yes answers it")
    handler = getattr(command, "_command", command)
    values = {name: value for name, value in vars(arguments).items() if name[0] != "_"}
    if any(isinstance(value, IterateValue) for value in values.values()):
        return  # what --ids names is for the run to tell
    if isinstance(handler, AAZCommand):
        given = {name: values[name] for name in values.keys() - {"cmd", "command", "func"}}
        schema = handler.get_arguments_schema()
        _command_ctx.AAZCommandCtx(cli, schema, given, no_wait_arg="no_wait").format_args()


def stop(_: object, args: Any, **__: object) -> NoReturn:
    raise Parsed(args)


def main() -> None:
    # where a command would ask Azure which group or places there are
    _command_ctx.get_resource_group_location = lambda *_, **__: "westeurope"
    _command_ctx.get_subscription_locations = lambda *_, **__: ()
    cli = new_cli()
    cli.register_event(EVENT_INVOKER_POST_PARSE_ARGS, stop)
    lines = json.load(sys.stdin)
    with redirect_stdout(sys.stderr):
        answers = [refusal(cli, **line) for line in lines]
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
