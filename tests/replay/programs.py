"""Agents that ask a provider which never answers twice alike; a replay has to bring back what it answered then."""

SWARM = """
import asyncio, os, random, sys, time, uuid
import playhead
playhead.init(service="swarm")
import httpx2

seen = []

@playhead.tool
async def look(number):
    await asyncio.sleep(random.random() * 0.01)
    return {"number": number, "at": time.time(), "id": str(uuid.uuid4())}

async def ask(client, words):
    answer = await client.post(os.environ["PROVIDER"], json={"prompt": words})
    return answer.json()["answer"]

async def worker(client, number):
    first = await ask(client, f"worker {number}: {await look(number)}")
    seen.append(first)
    return await ask(client, f"worker {number} after {first}, as {len(seen)}")

@playhead.agent(name="swarm")
async def swarm(size):
    async with httpx2.AsyncClient() as client:
        return await asyncio.gather(*(worker(client, number) for number in range(size)))

for size in map(int, sys.argv[1:]):
    print(asyncio.run(swarm(size)))
"""

PLAIN = """
import os, sys
import requests
last = "start"
for turn in range(4):
    last = requests.post(os.environ["PROVIDER"], json={"prompt": f"turn {turn} after {last}"}).json()["answer"]
print("ended with", last)
sys.exit(int(sys.argv[1]))
"""
