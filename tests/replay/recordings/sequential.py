"""One call after the other, with what a program draws and reads on the way."""

import os
import random
import time
import uuid

import requests

last = "start"
for turn in range(3):
    said = f"turn {turn} after {last} at {time.time()}, {uuid.uuid4()}, {random.random()}"
    last = requests.post(os.environ["PROVIDER"], json={"prompt": said}, timeout=60).json()["answer"]
print(last)
