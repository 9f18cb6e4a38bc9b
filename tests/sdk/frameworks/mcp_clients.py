"""MCP: a server's tools over stdio and over streamable HTTP, asked by the protocol's own client.

The server answers differently every time: `python -c` with SERVER, and `stdio` or a port.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

SERVER = """
import random, sys
from mcp.server import MCPServer

server = MCPServer("clerk")

@server.tool()
def roll(sides: int) -> str:
    return f"{random.randrange(sides)} of {sides}"

if sys.argv[1] == "stdio":
    server.run("stdio")
else:
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
"""


async def ask(read: Any, write: Any) -> Any:
    async with ClientSession(read, write) as session:
        await session.initialize()
        seen: list[Any] = [tool.name for tool in (await session.list_tools()).tools]
        for _ in range(3):
            answer = await session.call_tool("roll", {"sides": 1_000_000})
            seen.append([part.model_dump() for part in answer.content])
        return seen


def over_stdio(url: str) -> Any:
    async def main() -> Any:
        program = StdioServerParameters(command=sys.executable, args=["-c", SERVER, "stdio"])
        async with stdio_client(program) as (read, write):
            return await ask(read, write)

    return asyncio.run(main())


def over_http(url: str) -> Any:
    async def main() -> Any:
        async with streamable_http_client(f"{url}/mcp") as (read, write, *_):
            return await ask(read, write)

    return asyncio.run(main())
