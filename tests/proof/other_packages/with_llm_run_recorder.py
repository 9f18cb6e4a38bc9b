"""`python with_llm_run_recorder.py record|replay PROGRAM.py ARGUMENT…`: every call of the provider wrapped in its
`Recorder`, as its docs have it, at the one place through which all of a program's calls go.

Streams are left as they are: a program would have to be written around `call_stream`.
"""

from __future__ import annotations

import json
import runpy
import sys
from typing import Any

import agentrewind  # type: ignore[import-not-found]
import httpx2
import requests
from agentrewind.replay import Recorder  # type: ignore[import-not-found]


def main(direction: str, program: str, *arguments: str) -> None:
    agentrewind.configure(db_path="traces.db")
    requests.post = _sync(requests.post, direction)
    requests.Session.post = _method(requests.Session.post, direction)  # type: ignore[method-assign]
    httpx2.Client.post = _method(httpx2.Client.post, direction)  # type: ignore[method-assign]
    httpx2.AsyncClient.post = _async(httpx2.AsyncClient.post, direction)  # type: ignore[method-assign]
    sys.argv = [program, *arguments]
    with agentrewind.trace(program):
        runpy.run_path(program, run_name="__main__")


class Answer:
    """Of an answer what the programs look at."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.status_code = told["status"]
        self._body = told["body"]

    def json(self) -> Any:
        return json.loads(self._body)


def _told(answer: Any) -> dict[str, Any]:
    return {"status": answer.status_code, "body": answer.text}


def _sync(post: Any, direction: str) -> Any:
    def asked(url: str, **how: Any) -> Any:
        if how.get("stream"):
            return post(url, **how)
        recorder = Recorder(lambda request: _told(post(url, json=request["json"], timeout=20)), mode=direction)
        return Answer(recorder.call({"url": url, "json": how.get("json")}))

    return asked


def _method(post: Any, direction: str) -> Any:
    def asked(client: Any, url: str, **how: Any) -> Any:
        recorder = Recorder(lambda request: _told(post(client, url, json=request["json"])), mode=direction)
        return Answer(recorder.call({"url": url, "json": how.get("json")}))

    return asked


def _async(post: Any, direction: str) -> Any:
    async def asked(client: Any, url: str, **how: Any) -> Any:
        async def call(request: dict[str, Any]) -> dict[str, Any]:
            return _told(await post(client, url, json=request["json"]))

        return Answer(await Recorder(call, mode=direction).acall({"url": url, "json": how.get("json")}))

    return asked


if __name__ == "__main__":
    main(*sys.argv[1:])
