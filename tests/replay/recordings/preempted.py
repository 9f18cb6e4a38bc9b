"""Threads that lose the token while they compute, and hand on what they got in the order in which they were done."""

import hashlib
import os
import queue
import threading

import requests

done: queue.Queue[tuple[int, str, int]] = queue.Queue()


def work(number: int) -> None:
    digest = hashlib.pbkdf2_hmac("sha256", str(number).encode(), b"salt", 200_000 + 50_000 * number).hex()[:8]
    said = {"prompt": f"worker {number}: {digest}, behind {done.qsize()}"}
    answer: int = requests.post(os.environ["PROVIDER"], json=said, timeout=60).json()["answer"]
    done.put((number, digest, answer))


threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for _ in threads:
    print(*done.get())
for thread in threads:
    thread.join()
