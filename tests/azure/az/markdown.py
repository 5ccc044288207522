"""What a Markdown text has of shell: blocks, lines of a list, and commands that it mentions."""

from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt

LANGUAGES = ("bash", "sh", "shell", "console", "azurecli")


@dataclass(frozen=True)
class Piece:
    """A piece of shell text, and the line of the file on which it begins."""

    line: int
    text: str
    only_mentioned: bool = False  # within a sentence: `az acr build` names a command


def pieces(markdown: str) -> Iterator[Piece]:
    """Every piece, in order."""
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
