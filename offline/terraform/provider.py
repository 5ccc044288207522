"""A Terraform provider that knows a schema, and nothing else: it checks and plans, and asks nobody.

Terraform starts it, and checks configurations against the schema that it gives. What Terraform
leaves to a provider, this one does as the SDK of real providers does: it refuses values for what
only the provider decides, and fills a plan with values that are not known yet. It cannot create
anything, and says so.

Usage: provider.py SCHEMA.json SCHEMA.bin
"""

import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import msgpack
from wire import content, get, number, varint

Json = dict[str, Any]
Make = Callable[[str, Json], object]
Path_ = list[str | int]

# What Terraform says to a program that it starts as a provider; the same for all of them.
COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
SERVICE = "/tfplugin6.Provider/"
UNKNOWN = msgpack.ExtType(0, b"\x00")
ERROR = 1
# Its server_capabilities, get_provider_schema_optional: as azurerm, it answers everything without
# being asked for its schema first. Terraform reads a schema once then, not at each start.
READ_ONCE = content(6, number(2, 1))


@cache
def schema() -> Json:
    found: Json = json.loads(Path(sys.argv[1]).read_bytes())
    return found


def block_of(section: str, request: bytes) -> Json:
    """The schema of what a request is about."""
    block: Json = schema()[section][get(request, 1).decode()]["block"]
    return block


def value(message: bytes) -> Any:
    return msgpack.unpackb(get(message, 1), strict_map_key=False)


def packed(one: object) -> bytes:
    return content(1, msgpack.packb(one))


def diagnostic(summary: str, detail: str, path: Path_) -> bytes:
    steps = (
        content(1, step) if isinstance(step, str) else varint(3 << 3) + varint(step)
        for step in path
    )
    message = number(1, ERROR) + content(2, summary) + content(3, detail)
    return message + content(4, b"".join(content(1, step) for step in steps))


def problems(block: Json, found: Json, path: Path_) -> Iterator[bytes]:
    """What every provider checks, and Terraform leaves to it."""
    for name, attribute in block["attributes"].items():
        one = found.get(name)
        if one is None and attribute.get("required"):
            said = f'The argument "{name}" is required, but no definition was found.'
            yield diagnostic("Missing required argument", said, [*path, name])
        if one is not None and attribute.get("computed") and not attribute.get("optional"):
            said = f'"{name}" is decided by the provider, and cannot be set.'
            yield diagnostic("Value for unconfigurable attribute", said, [*path, name])
    for name, nested in block.get("block_types", {}).items():
        for index, one in enumerate(blocks_in(found.get(name))):
            place: Path_ = [name, index] if nested["nesting_mode"] == "list" else [name]
            yield from problems(nested["block"], one, [*path, *place])


def blocks_in(found: object) -> list[Json]:
    listed = found if isinstance(found, list) else [found]
    return [one for one in listed if isinstance(one, dict)]


def fill(block: Json, found: Json, make: Make) -> None:
    """Give what only the provider decides a value; what is only written is never given back."""
    for name, attribute in block["attributes"].items():
        if attribute.get("write_only"):
            found[name] = None
        elif attribute.get("computed") and found.get(name) is None:
            found[name] = make(name, attribute)
    for name, nested in block.get("block_types", {}).items():
        for one in blocks_in(found.get(name)):
            fill(nested["block"], one, make)


def example(name: str, attribute: Json) -> object:
    """What a data source is said to have found."""
    if attribute["type"] == "string":
        return "00000000-0000-0000-0000-000000000000" if name.endswith("id") else name
    plain = {"number": 0, "bool": False}
    return plain.get(attribute["type"]) if isinstance(attribute["type"], str) else None


def validate(section: str) -> Callable[[bytes], bytes]:
    def answer(request: bytes) -> bytes:
        found = problems(block_of(section, request), value(get(request, 2)), [])
        return b"".join(content(1, one) for one in found)

    return answer


def validate_provider(request: bytes) -> bytes:
    """azurerm wants a block that its schema calls optional."""
    configured = value(get(request, 1))
    if "features" not in configured or configured["features"]:
        return b""
    said = 'At least 1 "features" block is required in the provider configuration.'
    return content(2, diagnostic("Insufficient features blocks", said, []))


def plan(request: bytes) -> bytes:
    proposed = value(get(request, 3))
    if proposed is not None:
        fill(block_of("resource_schemas", request), proposed, lambda *_: UNKNOWN)
    older_rules = number(5, 1)  # Terraform is less strict with what is planned, as with azurerm
    return content(1, packed(proposed)) + older_rules


def read_data_source(request: bytes) -> bytes:
    found = value(get(request, 2))
    fill(block_of("data_source_schemas", request), found, example)
    return content(1, packed(found))


def refuse(_: bytes) -> bytes:
    said = "This provider knows a schema only. What it was asked for needs the real one."
    return content(3, diagnostic("Schema-only provider", said, []))


def nothing(_: bytes) -> bytes:
    return b""


ANSWERS: dict[str, Callable[[bytes], bytes]] = {
    "GetProviderSchema": lambda _: Path(sys.argv[2]).read_bytes() + READ_ONCE,
    "GetResourceIdentitySchemas": nothing,
    "GetFunctions": nothing,
    "ValidateProviderConfig": validate_provider,
    "ValidateResourceConfig": validate("resource_schemas"),
    "ValidateDataResourceConfig": validate("data_source_schemas"),
    "ValidateEphemeralResourceConfig": nothing,
    "ConfigureProvider": nothing,
    # a test's mocks make a state, which Terraform has read again as it was
    "UpgradeResourceState": lambda request: content(1, content(2, get(get(request, 3), 1))),
    "ReadResource": lambda request: content(1, get(request, 2)),
    "PlanResourceChange": plan,
    "ApplyResourceChange": refuse,
    "ReadDataSource": read_data_source,
}


class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers by the name of the method, with bytes for bytes."""

    def __init__(self) -> None:
        self.told_to_end = threading.Event()

    def service(self, details: Any) -> Any:
        if details.method == "/plugin.GRPCStdio/StreamStdio":
            return grpc.unary_stream_rpc_method_handler(lambda *_: iter(()))
        if details.method == "/plugin.GRPCController/Shutdown":
            return grpc.unary_unary_rpc_method_handler(self.end)
        answer = ANSWERS.get(details.method.removeprefix(SERVICE))
        return answer and grpc.unary_unary_rpc_method_handler(lambda request, _: answer(request))

    def end(self, *_: object) -> bytes:
        self.told_to_end.set()
        return b""


def main() -> None:
    if os.environ.get("TF_PLUGIN_MAGIC_COOKIE") != COOKIE:
        sys.exit("This is a provider: Terraform starts it.")
    if "PLUGIN_CLIENT_CERT" in os.environ:
        # it would keep nothing secret between two programs of one user, on one machine
        sys.exit("Set TF_DISABLE_PLUGIN_TLS=1: this provider talks to Terraform without TLS.")
    handler = Handler()
    unlimited = [(f"grpc.max_{way}_message_length", -1) for way in ("send", "receive")]
    server = grpc.server(futures.ThreadPoolExecutor(8), handlers=(handler,), options=unlimited)
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/socket"
        server.add_insecure_port(f"unix:{socket}")
        server.start()
        print(f"1|6|unix|{socket}|grpc|", flush=True)
        handler.told_to_end.wait()
        server.stop(grace=1).wait()
    os._exit(0)  # without waiting for threads that Terraform has no use for any more


if __name__ == "__main__":
    main()
