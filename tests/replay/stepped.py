"""Programs that are stepped through: one after the other, side by side in a loop, and in threads."""

SHOP = """
import os, random, sys, time
import playhead

playhead.init(service="shop")

class Order:
    def __init__(self, number):
        self.number = number
    def __repr__(self):
        return f"Order({self.number})"

@playhead.tool
def look(number):
    return {"number": number, "at": time.time(), "luck": random.random()}

@playhead.tool
def refund(number, cents):
    if cents > 200:
        raise ValueError("the window is closed")
    return cents

@playhead.agent(name="shop")
def shop(size):
    total = 0
    for number in range(size):
        order = Order(number)
        found = look(number)
        playhead.state(f"order {number}", machine="desk")
        total += found["number"] * 100
        try:
            with playhead.step("settling", order=number):
                refund(number, number * 100)
        except ValueError as error:
            print("refused:", error)
    return total

print("begins")
print("settled", shop(int(sys.argv[1])))
"""

ODD = """
import playhead

playhead.init(service="odd")

class Odd:
    def __init__(self, answer):
        self.answer = answer
    def __repr__(self):
        return self.answer()

def forever():
    while True:
        pass

def refuse():
    raise LookupError("no repr today")

@playhead.agent(name="odd")
def odd():
    api_key = "sk-" + "a1B2c3D4e5" * 4
    endless, broken, huge = Odd(forever), Odd(refuse), list(range(1_000_000))
    playhead.decision("what now", chosen="end")

odd()
"""

SWARM = """
import asyncio, random, sys, time
import playhead

playhead.init(service="swarm")
seen = []

@playhead.tool
async def look(number):
    await asyncio.sleep(random.random() * 0.02)
    return number

async def worker(number):
    for turn in range(3):
        found = await look(number)
        seen.append((number, turn))
    return found

@playhead.agent(name="swarm")
async def swarm(size):
    return await asyncio.gather(*(worker(number) for number in range(size)))

print(asyncio.run(swarm(int(sys.argv[1]))), seen)
"""

CREW = """
import random, sys, threading, time
import playhead

playhead.init(service="crew")
seen, lock = [], threading.Lock()

@playhead.tool
def look(number):
    time.sleep(random.random() * 0.01)
    return number

def work(number):
    for turn in range(3):
        found = look(number)
        with lock:
            seen.append((number, turn))

@playhead.agent(name="crew")
def crew(size):
    look(-1)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return look(len(seen))

print(crew(int(sys.argv[1])), seen)
"""

SERVED = """
import random, playhead

playhead.init(service="served")
known = []

@playhead.tool
def look(number):
    return random.random()

@playhead.agent(name="served")
def serve(number):
    for turn in range(3):
        known.append(look(number))
    return len(known)

for number in range(3):
    print(serve(number))
"""

READER = """
import sys
import playhead

playhead.init(service="reader")

@playhead.tool
def note(line):
    return line.strip()

@playhead.agent(name="reader")
def read(path):
    kept = []
    with open(path) as lines, open(path + ".out", "w+") as out:
        for line in lines:
            kept.append(note(line))
            out.write(line)
            out.flush()
        out.seek(0)
        return kept, len(out.readlines())

print(read(sys.argv[1]))
"""
