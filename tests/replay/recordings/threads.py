"""Jobs of a pool that hand each other what they got, through a lock."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

import requests

lock = threading.Lock()
seen: list[int] = []


def job(number: int) -> int:
    with lock:
        before = list(seen)
    said = {"prompt": f"job {number} after {before}"}
    answer: int = requests.post(os.environ["PROVIDER"], json=said, timeout=60).json()["answer"]
    with lock:
        seen.append(answer)
    return answer


with ThreadPoolExecutor(4) as pool:
    done = as_completed([pool.submit(job, number) for number in range(8)])
    print([future.result() for future in done])
