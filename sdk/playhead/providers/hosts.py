"""Which provider a host belongs to, by the names that the GenAI conventions give them.

A host that is not listed says nothing: then the dialect that is spoken there names the provider, and `server.address`
tells the rest.
"""

from __future__ import annotations

import re

_HOSTS = {
    "api.openai.com": "openai",
    "openai.azure.com": "azure.ai.openai",
    "cognitiveservices.azure.com": "azure.ai.openai",
    "services.ai.azure.com": "azure.ai.inference",
    "models.ai.azure.com": "azure.ai.inference",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "api.mistral.ai": "mistral_ai",
    "api.groq.com": "groq",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "x_ai",
    "api.perplexity.ai": "perplexity",
    "api.cohere.com": "cohere",
    "api.cohere.ai": "cohere",
    "ml.cloud.ibm.com": "ibm.watsonx.ai",
    "openrouter.ai": "openrouter",
    "api.together.xyz": "together_ai",
    "api.together.ai": "together_ai",
    "api.fireworks.ai": "fireworks",
    "api.cerebras.ai": "cerebras",
    "api.moonshot.ai": "moonshot_ai",
    "router.huggingface.co": "huggingface",
    "integrate.api.nvidia.com": "nvidia",
}
_PATTERNS = (
    (re.compile(r"(^|[.-])aiplatform\.googleapis\.com$"), "gcp.vertex_ai"),
    (
        re.compile(r"(^|\.)bedrock(-runtime|-mantle)?(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|api\.aws)$"),
        "aws.bedrock",
    ),
    (re.compile(r"\.api\.openai\.com$"), "openai"),
)


def provider_of(host: str) -> str | None:
    """The provider at a host, or None where the host is nobody known."""
    host = host.lower().rstrip(".")
    name = host
    while name:
        if found := _HOSTS.get(name):
            return found
        # A resource's own name stands before its provider's: my-team.openai.azure.com.
        name = name.partition(".")[2]
    return next((provider for pattern, provider in _PATTERNS if pattern.search(host)), None)
