"""boto3: Bedrock's converse, whole and as a stream of binary frames; retried by botocore."""

from __future__ import annotations

from typing import Any

import boto3
import botocore.config
import botocore.exceptions

import playhead

MODEL = "anthropic.claude-sonnet-5"
PROGRAMS: dict[str, list[dict[str, int]]] = {
    "with_tools": [],
    "streamed": [],
    "retried": [{"fail": 429}, {"fail": 500}],
    "refused": [{"fail": 429}, {"fail": 429}, {"fail": 429}],
    "hung_up": [{"hang_up": 4}],
}

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
TOOLS = {"tools": [{"toolSpec": {"name": "weather", "description": "it", "inputSchema": {"json": SCHEMA}}}]}


@playhead.tool
def weather(city: str, days: int) -> str:
    return f"{days} days of rain in {city}"


def client(url: str) -> Any:
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
        config=botocore.config.Config(retries={"max_attempts": 2, "mode": "standard"}, read_timeout=20),
    )


def asked(text: str) -> Any:
    return [{"role": "user", "content": [{"text": text}]}]


def with_tools(url: str) -> Any:
    of = client(url)
    messages = asked("what is new in Bern?")
    seen = []
    for _ in range(2):
        answer = of.converse(modelId=MODEL, messages=messages, toolConfig=TOOLS, system=[{"text": "Be brief."}])
        said = answer["output"]["message"]
        seen.append([said, answer["usage"]])
        messages.append(said)
        results = [
            {"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": weather(**use["input"])}]}}
            for block in said["content"]
            if (use := block.get("toolUse"))
        ]
        messages.append({"role": "user", "content": results})
    return seen


def streamed(url: str) -> Any:
    seen = []
    for how in ({}, {"toolConfig": TOOLS}):
        answer = client(url).converse_stream(modelId=MODEL, messages=asked("hi"), **how)
        seen += list(answer["stream"])
    return seen


def retried(url: str) -> Any:
    return client(url).converse(modelId=MODEL, messages=asked("hi"))["output"]


def refused(url: str) -> Any:
    try:
        client(url).converse(modelId=MODEL, messages=asked("hi"))
    except botocore.exceptions.ClientError as error:
        return [type(error).__name__, str(error)]
    return "not refused"


def hung_up(url: str) -> Any:
    seen: list[Any] = []
    try:
        for event in client(url).converse_stream(modelId=MODEL, messages=asked("hi"))["stream"]:
            seen.append(event)
    except Exception as error:
        seen.append([type(error).__name__, str(error)])
    return seen
