"""Just enough of Terraform's plug-in protocol 6: messages as bytes, and a schema as a message.

The numbers are those of the protocol's own definition, tfplugin6.proto.
"""

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5


def varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)


def number(field: int, value: int) -> bytes:
    """A field with a number; 0 and False are said by leaving it out."""
    return varint(field << 3 | VARINT) + varint(value) if value else b""


def content(field: int, value: bytes | str) -> bytes:
    """A field with text, bytes or another message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | BYTES) + varint(len(data)) + data


def fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields with text, bytes or messages of a message; the others are not needed here."""
    at = 0

    def read() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        field, kind = divmod(read(), 8)
        if kind == VARINT:
            read()
        elif kind == BYTES:
            length = read()
            yield field, message[at : at + length]
            at += length
        else:
            at += {EIGHT_BYTES: 8, FOUR_BYTES: 4}[kind]


def get(message: bytes, field: int) -> bytes:
    """A field of a message; empty where it is left out."""
    return next((value for each, value in fields(message) if each == field), b"")


def provider_schema(schema: Json) -> bytes:
    """The answer to GetProviderSchema."""
    message = content(1, _schema(schema["provider"]))
    sections = {2: "resource_schemas", 3: "data_source_schemas", 8: "ephemeral_resource_schemas"}
    for field, section in sections.items():
        for name, one in sorted(schema[section].items()):
            message += content(field, content(1, name) + content(2, _schema(one)))
    return message


def _schema(schema: Json) -> bytes:
    return number(1, schema["version"]) + content(2, _block(schema["block"]))


def _block(block: Json) -> bytes:
    message = b"".join(content(2, _attribute(*one)) for one in sorted(block["attributes"].items()))
    for name, one in sorted(block.get("block_types", {}).items()):
        nested = content(1, name) + content(2, _block(one["block"]))
        nested += number(3, NESTING[one["nesting_mode"]])
        nested += number(4, one.get("min_items", 0)) + number(5, one.get("max_items", 0))
        message += content(3, nested)
    return message


def _attribute(name: str, attribute: Json) -> bytes:
    type_ = json.dumps(attribute["type"], separators=(",", ":"))
    flags = {4: "required", 5: "optional", 6: "computed", 7: "sensitive", 11: "write_only"}
    said = (number(field, attribute.get(flag, False)) for field, flag in flags.items())
    return content(1, name) + content(2, type_) + b"".join(said)
