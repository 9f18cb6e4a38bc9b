"""What stands in a module in place of a built-in function is used as that was, whatever else an agent does with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

_LOOK = """
import builtins, copy, io, json, os, pickle, random, shutil, signal, threading, time, uuid

def held():
    return [(m, name, value) for m in (builtins, io, os, random, shutil, signal, threading, time, uuid)
            for name, value in vars(m).items()]

def binds(value):
    return hasattr(type(value), "__get__")

time.sleep = lambda seconds=0: None  # as gevent's is
before = {(m, name): value for m, name, value in held()}
import playhead
playhead.init("shop")
replaced = [(m, name, value) for m, name, value in held() if before.get((m, name), value) is not value]

class Clerk:
    clock, lock_class, opener, draw = time.monotonic, threading.Lock, open, random.random

@playhead.agent
def work():
    assert type(threading.RLock()).__module__ == "_thread"  # trio asserts it, too
    time.sleep()
    with Clerk().lock_class(), Clerk().opener(os.devnull) as file:
        return [type(Clerk().clock()).__name__, file.read(), type(Clerk().draw()).__name__]

print(json.dumps({
    "replaced": [name for _, name, _ in replaced],
    "bind": [name for m, name, value in replaced if binds(value) != binds(before[m, name])],
    "pickled": [name for _, name, value in replaced if pickle.loads(pickle.dumps(value)) is not value],
    "copied": [name for _, name, value in replaced if copy.deepcopy(value) is not value],
    "held": work(),
}))
"""


def test_they_do_not_bind_to_classes_that_hold_them_and_are_pickled_and_copied_by_name(tmp_path: Path) -> None:
    nowhere = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "XDG_STATE_HOME": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-c", _LOOK],
        env=os.environ | nowhere,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    found = json.loads(ran.stdout)
    assert {"open", "time", "monotonic", "urandom", "Lock", "stat", "randint", "getsignal"} <= set(found["replaced"])
    assert (found["bind"], found["pickled"], found["copied"]) == ([], [], [])
    assert found["held"] == ["float", "", "float"]
