"""Reads the `az` commands out of lessons and documents, as the shell would hand them to az.

The site marks the steps of a lesson with it, and the tests let azure-cli judge each command.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile

import tree_sitter_bash
from markdown_it import MarkdownIt
from tree_sitter import Language, Node, Parser

LANGUAGES = ("bash", "sh", "shell", "console", "azurecli")
NAME = re.compile(r"[a-z][\w-]*")  # a word of a command's name, neither option nor value
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
class Piece:
    """A piece of shell text, and the line of the file on which it begins."""

    line: int
    text: str
    only_mentioned: bool = False  # within a sentence: `az acr build` names a command


@dataclass(frozen=True)
class Command:
    """An `az` command, as the shell hands it over."""

    file: str
    line: int
    words: list[str]
    problem: str | None  # what the shell makes of it
    only_mentioned: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: az {' '.join(self.words)}"

    @property
    def name(self) -> str:
        """The command without its options and values: `az group create`."""
        return " ".join(["az", *takewhile(NAME.fullmatch, self.words)])


def pieces(markdown: str) -> Iterator[Piece]:
    """Every piece of shell text: blocks, items of a list, and commands in sentences, in order."""
    before = ["", ""]
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "fence" and token.info.partition(" ")[0] in LANGUAGES:
            yield Piece(line + 1, token.content)
        elif token.type == "inline":
            parts = [part for part in token.children or [] if part.type != "softbreak"]
            is_an_item = before == ["list_item_open", "paragraph_open"] and len(parts) == 1
            for part in parts:
                if part.type == "code_inline" and part.content.startswith("az "):
                    yield Piece(line, part.content, only_mentioned=not is_an_item)
        before = [before[1], token.type]


def commands_of(
    texts: Mapping[str, str], exported: Mapping[str, str] | None = None
) -> list[Command]:
    """Every `az` command of Markdown texts, each by the name of its file, in order.

    Args:
        texts: by the name of the file.
        exported: variables that are set before a text begins.
    """
    found: list[Command] = []
    exported = exported or {}
    variables: dict[str, dict[str, str]] = defaultdict(lambda: {**exported})
    for file, text in texts.items():
        for piece in pieces(text):
            reader = Reader(file, piece.only_mentioned, variables[file], exported)
            found += reader.commands(piece.text, piece.line)
    return found


def statements(shell: str) -> Iterator[tuple[str, list[Command]]]:
    """The statements of shell text, each with the `az` commands in it; comments are left out."""
    reader = Reader("", only_mentioned=False)
    for node in BASH.parse(shell.encode()).root_node.named_children:
        if node.type != "comment":
            yield _text(node), [*reader.walk(node, 1)]


@dataclass
class Reader:
    """Reads a file from top to bottom, and remembers what its variables are set to."""

    file: str
    only_mentioned: bool
    variables: dict[str, str] = field(default_factory=dict)
    exported: Mapping[str, str] = field(default_factory=dict)  # before the file begins
    placeholders: list[tuple[int, str]] = field(default_factory=list)

    def commands(self, text: str, line: int) -> Iterator[Command]:
        """The commands of a piece of shell text that begins on that line."""
        source = text.encode()
        while found := _placeholder(BASH.parse(source).root_node, source):
            start, end = found
            self.placeholders.append((start, source[start:end].decode()))
            source = source[:start] + b"x" * (end - start) + source[end:]
        yield from self.walk(BASH.parse(source).root_node, line)

    def walk(self, node: Node, line: int) -> Iterator[Command]:
        """The commands in a node of the grammar and in those below it."""
        for child in node.children:
            yield from self.walk(child, line)
        if node.type == "variable_assignment":
            name, value = (node.child_by_field_name(field) for field in ("name", "value"))
            read = self._value(value) if value else ""
            known = self.exported.get(_text(name), read) if read == NOT_KNOWN else read
            self.variables[_text(name)] = known
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
                inner = Reader(self.file, self.only_mentioned, self.variables, self.exported)
                yield from inner.commands(_text(script)[1:-1], line + script.start_point.row)

    def _problem(self, statement: Node) -> str | None:
        for start, name in self.placeholders:
            if statement.start_byte <= start < statement.end_byte:
                return f"{name} is not quoted: to the shell, it is two redirections"
        return None

    def _value(self, node: Node) -> str:
        """What the shell makes of a word, as far as the text says."""
        if node.type in ("string", "concatenation", "command_name"):
            return "".join(self._value(child) for child in node.children if child.type != '"')
        text = _text(node)
        if node.type in EXPANSIONS:
            space = text[: len(text) - len(text.lstrip())]  # within quotes, it is part of the node
            names = [_text(child) for child in node.children if child.type == "variable_name"]
            known = self.variables.get(names[0]) if names else None
            if "date +%s" in text:
                known = text.strip()  # a rule is about names from the clock
            elif known is not None and text.endswith("##*/}"):
                known = known.rpartition("/")[2]
            elif known is not None and text.endswith("#*/}"):
                known = known.partition("/")[2]
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
