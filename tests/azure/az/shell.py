"""Read the `az` commands out of shell text, as the shell would hand them over.

Runs in the environment of tests/azure/azure-cli.lock, which has a grammar of bash.
stdin: JSON, pieces of shell text in order: file, first line, text, whether it is only mentioned.
stdout: JSON, the commands in them: the same, with words, and what the shell makes of it (or null).
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

NOT_KNOWN = "placeholder"  # stands for what only a run could tell
SHELLS = {"sh", "bash"}
EXPANSIONS = {
    "arithmetic_expansion",
    "command_substitution",
    "expansion",
    "simple_expansion",
}
BASH = Parser(Language(tree_sitter_bash.language()))


@dataclass(frozen=True)
class Command:
    file: str
    line: int
    words: list[str]
    problem: str | None
    only_mentioned: bool


@dataclass
class Reader:
    """Reads a file from top to bottom, and remembers what its variables are set to."""

    file: str
    only_mentioned: bool
    variables: dict[str, str]
    placeholders: list[tuple[int, str]] = field(default_factory=list)

    def commands(self, text: str, line: int) -> Iterator[Command]:
        """The commands of a piece of shell text that begins on that line."""
        source = text.encode()
        while found := _placeholder(BASH.parse(source).root_node, source):
            start, end = found
            self.placeholders.append((start, source[start:end].decode()))
            source = source[:start] + b"x" * (end - start) + source[end:]
        yield from self._walk(BASH.parse(source).root_node, line)

    def _walk(self, node: Node, line: int) -> Iterator[Command]:
        for child in node.children:
            yield from self._walk(child, line)
        if node.type == "variable_assignment":
            name, value = (node.child_by_field_name(field) for field in ("name", "value"))
            self.variables[_text(name)] = self._value(value) if value else ""
        elif node.type == "command":
            yield from self._command(node, line)

    def _command(self, node: Node, line: int) -> Iterator[Command]:
        around = node.parent if node.parent and node.parent.type == "redirected_statement" else node
        nodes = [child for child in node.children if child.type != "variable_assignment"]
        for child in around.children:
            if child.type == "file_redirect":  # what follows on its file belongs to the command
                nodes += child.children_by_field_name("destination")[1:]
        words = [self._value(child) for child in nodes]
        if "az" in words[:-1]:  # first, or after what runs it: timeout 60 az ...
            at = words.index("az")
            yield Command(
                self.file,
                line + nodes[at].start_point.row,
                words[at + 1 :],
                self._problem(around),
                self.only_mentioned,
            )
        elif SHELLS & set(words):  # sh -c '...'
            for script in (child for child in nodes if child.type in ("raw_string", "string")):
                inner = Reader(self.file, self.only_mentioned, self.variables)
                yield from inner.commands(_text(script)[1:-1], line + script.start_point.row)

    def _problem(self, statement: Node) -> str | None:
        for start, name in self.placeholders:
            if statement.start_byte <= start < statement.end_byte:
                return f"{name} is not quoted: to the shell, it is two redirections"
        return None

    def _value(self, node: Node) -> str:
        """What the shell makes of a word, as far as the text tells."""
        if node.type in ("string", "concatenation", "command_name"):
            return "".join(self._value(child) for child in node.children if child.type != '"')
        text = _text(node)
        if node.type in EXPANSIONS:
            space = text[: len(text) - len(text.lstrip())]  # within quotes, it is part of the node
            names = [_text(child) for child in node.children if child.type == "variable_name"]
            known = self.variables.get(names[0]) if names else None
            if "date +%s" in text:
                known = text.strip()  # a rule is about names from the clock
            return space + (NOT_KNOWN if known is None else known)
        if node.type == "raw_string":
            return text[1:-1]
        return text.replace("\\\n", "").replace("\\", "")


def _placeholder(node: Node, source: bytes) -> tuple[int, int] | None:
    """Where the first <name> is that nothing quotes: to the shell, it is two redirections."""
    for child in node.children:
        start, end = child.start_byte, child.end_byte + 1
        name = source[start:end]
        if child.type == "file_redirect" and name.startswith(b"<") and name.endswith(b">"):
            return start, end
        if found := _placeholder(child, source):
            return found
    return None


def _text(node: Node | None) -> str:
    return node.text.decode() if node and node.text else ""


def main() -> None:
    found = []
    variables: dict[str, dict[str, str]] = defaultdict(dict)
    for piece in json.load(sys.stdin):
        reader = Reader(piece["file"], piece["only_mentioned"], variables[piece["file"]])
        found += [asdict(command) for command in reader.commands(piece["text"], piece["line"])]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
