"""What a plugin costs: its load, its calls, its process, and its author's time."""

import json
import statistics
import subprocess
import time

import author
import neighbours
from programs import share_kib, wake_ups

LOADS, ROUNDS, CALLS = 11, 7, 3_000
IDLE_SECONDS = 30


def measure(bench):
    load(bench)
    calls(bench)
    idle(bench)
    neighbours.measure(bench)
    author.measure(bench)


def ran(bench, *argv):
    """What tests/bench/plugin_calls prints."""
    program = bench.build / "tests/bench/plugin_calls/plugin_calls"
    done = subprocess.run([program, *map(str, argv)], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def load(bench):
    loaded, opened = [], []
    for _ in range(LOADS):
        opened.append(ran(bench, "dlopen", bench.build / "plugins/files.so")["ns"] / 1e6)
        loaded.append(ran(bench, "load", bench.build / "plugins", "files")["ns"] / 1e6)
    bench.add("load of a plugin, up to its tables", "ms", loaded, goal="<= 20",
              floor=("dlopen of the same file", statistics.median(opened)))


def calls(bench):
    found = ran(bench, "calls", bench.build / "tests/support/plugins",
                bench.build / "core/agent/evenkeel-plugin-host", ROUNDS, CALLS)
    took = {work: [ns / 1000 for ns in found[work]] for work in
            ("direct", "checked", "apart", "socket")}
    floor = {work: statistics.median(took[work]) for work in ("direct", "socket")}
    more = statistics.median(took["checked"]) - floor["direct"]
    bench.add("call of a plugin in the agent's process", "us", took["checked"],
              goal="<= 2 us more", floor=("through the pointer", floor["direct"]),
              note=f"the host adds {more:.2g} us")
    bench.add("call of a plugin in a process of its own", "us", took["apart"], goal="<= 3 x",
              floor=("socket pair", floor["socket"]), note=f"{found['bytes']:,} bytes")


def idle(bench):
    found = [idle_process(bench, seconds) for seconds in [0] * 4 + [IDLE_SECONDS]]
    bench.add("idle process of a plugin, memory (PSS)", "MiB", [share for share, _ in found],
              goal="<= 4")
    bench.add(f"the same, wake-ups in {IDLE_SECONDS} s", "", [found[-1][1]], goal="0")


def idle_process(bench, seconds):
    """Its memory, and how often it wakes up meanwhile: of the plugin that an author begins with,
    which watches one resource."""
    with bench.agent(plugin_dirs=["sdk/template"], plugins=[{"name": "notes"}],
                     sweep={"interval": "1h"}) as agent:
        agent.local.apply("notes", "one", {"text": "x"})
        time.sleep(2)  # what follows an apply is over
        pid = agent.local.ask("plugins")["plugins"][0]["process"]["pid"]
        before = wake_ups(pid)
        time.sleep(seconds)  # what passes in this time is measured
        return share_kib(pid) / 1024, wake_ups(pid) - before
