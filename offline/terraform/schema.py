"""Derive the schema of a Terraform provider from its package for CDK Terrain.

The package is a wheel that carries JavaScript, a file for each resource. In each file, a comment
says of every argument whether it is computed, optional or required; the method that reads it tells
its type; and the function that writes it as HCL tells blocks from arguments, and lists from sets.

The result has the form of `terraform providers schema -json`.
"""

import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Type = str | list[Any]

CLASS = re.compile(r"^class (\w+) extends cdktn\.(\w+) \{\n(.*?)^\}\n", re.MULTILINE | re.DOTALL)
MEMBER = re.compile(
    r"^    // (\S+) - computed: (true|false), optional: (true|false), required: (true|false)\n",
    re.MULTILINE,
)
NESTED = re.compile(r"^    _\w+ = new (\w+)\(this, \"\w+\"(?:, (true|false))?\);", re.MULTILINE)
WRITER = re.compile(
    r"^function (\w+)ToHclTerraform\(struct\) \{\n(.*?)^\}\n", re.MULTILINE | re.DOTALL
)
WRITTEN = re.compile(
    r"^ {8,12}\"?(?P<name>\w+)\"?: \{\n"
    r"\s+value: (?P<value>.*?),\n"
    r"\s+isBlock: (?P<block>true|false),\n"
    r"\s+type: \"(?P<collection>\w+)\",\n"
    r"\s+storageClassType: \"(?P<stored>\w+)\",\n",
    re.MULTILINE,
)
FIELDS = re.compile(
    r"^export interface (\w+)(?: extends [\w.]+)? \{\n(.*?)^\}\n", re.MULTILINE | re.DOTALL
)
FIELD = re.compile(r"^    readonly (\w+)(\??):", re.MULTILINE)
PLAIN = {"String": "string", "Number": "number", "Boolean": "bool", "Any": "dynamic"}
SECTIONS = {
    "TerraformResource": "resource_schemas",
    "TerraformDataSource": "data_source_schemas",
    "TerraformEphemeralResource": "ephemeral_resource_schemas",
}

# Not in the package: what a provider hides when it prints. Guessed by name; look again when a
# resource is new to the lessons.
SENSITIVE = re.compile(
    r"(?:^|_)(?:password|secret|token|(?:access|account|api|client|primary|private|secondary|shared"
    r"|storage)_key|connection_strings?|kube_(?:admin_)?config(?:_raw)?)$"
)


def derive(wheel: Path) -> tuple[str, Json]:
    """The version of the provider that a wheel was made for, and the provider's schema."""
    with zipfile.ZipFile(wheel) as packed:
        [name] = [name for name in packed.namelist() if name.endswith(".jsii.tgz")]
        archive = packed.read(name)
    version = ""
    schema: Json = {section: {} for section in SECTIONS.values()}
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        texts = {
            one.name: content.read().decode()
            for one in files
            if re.fullmatch(r"package/lib/[^/]+/index\.(js|d\.ts)", one.name)
            and (content := files.extractfile(one))
        }
    for name, text in texts.items():
        if name.endswith(".d.ts"):
            continue
        source = Source(text)
        for kind, body in source.classes.values():
            writes = body[body.find("synthesizeHclAttributes") :]
            if found := re.search(r"providerVersion: '([^']+)'", body):
                version = found[1]
            if kind == "TerraformProvider":
                [of_it] = re.findall(r"^class (\w+) extends cdktn\.TerraformProvider", text, re.M)
                fields = dict(FIELDS.findall(texts[name.removesuffix("js") + "d.ts"]))
                block = source.provider(f"{of_it}Config", writes, fields)
                schema["provider"] = {"version": 0, "block": block}
            elif kind in SECTIONS:
                called = re.search(r'static tfResourceType = "(\w+)"', body)
                assert called is not None
                block = source.block(body, writes)
                schema[SECTIONS[kind]][called[1]] = {"version": 0, "block": block}
    return version, schema


@dataclass
class Member:
    """An argument, attribute or block of a class."""

    name: str
    flags: Json
    code: str


@dataclass
class Written:
    """How the function that writes HCL handles one of them."""

    value: str
    is_block: bool
    collection: str
    stored: str

    @property
    def type(self) -> Type:
        """For example numberListList, whose outer collection is named beside it."""
        found = re.fullmatch(r"(string|number|boolean|any)((?:List|Map|Set)*)", self.stored)
        assert found is not None, self.stored
        kinds = [kind.lower() for kind in re.findall("List|Map|Set", found[2])]
        if kinds and self.collection in ("list", "set", "map"):
            kinds[-1] = self.collection
        made: Type = PLAIN[found[1].title()]
        for kind in kinds:
            made = [kind, made]
        return made


@dataclass
class Source:
    """The JavaScript of one resource."""

    text: str
    classes: dict[str, tuple[str, str]] = field(init=False)
    writers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        found = CLASS.findall(self.text)
        self.classes = {name: (parent, body) for name, parent, body in found}
        self.writers = dict(WRITER.findall(self.text))

    def block(self, body: str, writes: str) -> Json:
        """The attributes and blocks of a class, given what writes them as HCL."""
        attributes: Json = {}
        blocks: Json = {}
        written = written_by(writes)
        for member in members(body):
            how = written.get(member.name)
            nested = NESTED.search(member.code)
            if nested is None or nested[1] not in self.classes:
                made = {"type": type_of(member, how), **member.flags}
                if how and "markWriteOnlyAttribute" in how.value:
                    made["write_only"] = True
                attributes[member.name] = made
                continue
            is_list = self.classes[nested[1]][0] != "ComplexObject"
            element, depth = self._element(nested[1])
            inner = self.block(self.classes[element][1], self._writer(element))
            nesting = how.collection if how else "set" if nested[2] == "true" else "list"
            nesting = "list" if nesting == "simple" else nesting
            if how is None or (is_list and "ToHclTerraform, false)" in how.value):
                type_: Type = [nesting, object_of(inner)]  # objects, but no block
                for _ in range(depth):
                    type_ = ["list", type_]
                attributes[member.name] = {"type": type_, **member.flags}
                continue
            one: Json = {"nesting_mode": "single" if nesting == "struct" else nesting}
            one["block"] = inner
            if nesting != "struct" and not is_list:
                one["max_items"] = 1
            if nesting != "struct" and "required" in member.flags:
                one["min_items"] = 1
            blocks[member.name] = one
        return block_of(attributes, blocks)

    def provider(self, interface: str, writes: str, fields: dict[str, str]) -> Json:
        """The provider's own block; what is optional in it, only the types for TypeScript say."""
        attributes: Json = {}
        blocks: Json = {}
        optional = {name.lower(): mark == "?" for name, mark in FIELD.findall(fields[interface])}
        for name, how in written_by(writes).items():
            if name == "alias":
                continue  # Terraform's own
            needed = not optional[name.replace("_", "")]
            if not how.is_block:
                attributes[name] = {"type": how.type, "required" if needed else "optional": True}
                continue
            writer = re.search(r"(\w+)ToHclTerraform", how.value)
            assert writer is not None
            of_it = writer[1][:1].upper() + writer[1][1:]
            inner = self.provider(of_it, self.writers[writer[1]], fields)
            blocks[name] = {"nesting_mode": how.collection, "block": inner, "max_items": 1}
            if needed:
                blocks[name]["min_items"] = 1
        return block_of(attributes, blocks)

    def _element(self, name: str) -> tuple[str, int]:
        """The class of what a list holds, and how many lists are in each other."""
        depth = -1
        while self.classes[name][0] != "ComplexObject":
            found = re.search(r"return new (\w+)\(this", self.classes[name][1])
            assert found is not None, name
            name, depth = found[1], depth + 1
        return name, depth

    def _writer(self, name: str) -> str:
        base = name.removesuffix("OutputReference")
        return self.writers.get(base[:1].lower() + base[1:], "")


def members(body: str) -> Iterator[Member]:
    found = list(MEMBER.finditer(body))
    ends = [*(one.start() for one in found[1:]), len(body)]
    for one, end in zip(found, ends, strict=True):
        names = ("computed", "optional", "required")
        flags = {
            name: True
            for name, is_so in zip(names, one.groups()[1:], strict=True)
            if is_so == "true"
        }
        yield Member(one[1], flags, body[one.end() : end])


def written_by(writes: str) -> dict[str, Written]:
    return {
        one["name"]: Written(one["value"], one["block"] == "true", one["collection"], one["stored"])
        for one in WRITTEN.finditer(writes)
    }


def type_of(member: Member, how: Written | None) -> Type:
    if made := re.search(r"= new cdktn\.(\w+?)(Map|List)\(this", member.code):
        return [made[2].lower(), PLAIN[made[1]]]
    read = re.search(r"this\.get(\w+)Attribute\(", member.code)
    if read is None:
        return how.type if how else "string"
    name = read[1]
    kinds: list[str] = []
    while (kind := re.fullmatch(r"(\w*)(List|Map|Set)", name)) is not None:
        name, kinds = kind[1], [*kinds, kind[2].lower()]
    type_: Type = PLAIN[name or "String"]
    for one in reversed(kinds):
        type_ = [one, type_]
    is_set = "Fn.tolist(" in member.code or (how is not None and how.collection == "set")
    if isinstance(type_, list) and type_[0] == "list" and is_set:
        return ["set", type_[1]]
    return type_


def block_of(attributes: Json, blocks: Json) -> Json:
    for name, one in attributes.items():
        if SENSITIVE.search(name) and (one["type"] == "string" or name.startswith("kube_")):
            one["sensitive"] = True
    return {"attributes": attributes, **({"block_types": blocks} if blocks else {})}


def object_of(block: Json) -> Type:
    types = {name: one["type"] for name, one in block["attributes"].items()}
    for name, one in block.get("block_types", {}).items():
        types[name] = [one["nesting_mode"], object_of(one["block"])]
    return ["object", types]
