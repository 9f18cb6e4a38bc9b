"""requests and httpx in one program, and an answer that is an error."""

import os

import httpx2
import requests

provider = os.environ["PROVIDER"]
with requests.Session() as session:
    first = session.post(provider, json={"prompt": "over requests"}, timeout=60).json()["answer"]
with httpx2.Client(timeout=60) as client:
    second = client.post(provider, json={"prompt": f"over httpx after {first}"}).json()["answer"]
    refused = client.post(provider, json={"prompt": "refused", "fail": 1})
print(first, second, refused.status_code)
