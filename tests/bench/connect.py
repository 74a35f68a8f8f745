"""Many agents connect, and come back after a kill -9; the floor is Proton alone."""

import json
import subprocess
import time

from programs import cpu_ms, private_kib
from support.herd import Herd


def measure(bench):
    fleet, agents = bench.fleet, bench.agents
    enrolling = fleet.enrolling
    bench.add(f"enrol {agents:,} agents with one token", "s", [enrolling["ms"] / 1000])
    floor = measure_floor(bench, fleet)
    pid = fleet.orchestrator.pid
    fleet.connect(lambda: (cpu_ms(pid), private_kib(pid)))
    line, before, after = (fleet.connecting[name] for name in ("herd", "before", "after"))
    bench.add(f"connect {agents:,} agents", "s", [line["online_ms_all"] / 1000], goal="<= 20",
              floor=("raw Proton", floor["s"]), note=tries(line))
    bench.add("the same, CPU of the orchestrator each", "ms", [(after[0] - before[0]) / agents],
              floor=("raw Proton", floor["cpu_ms"]))
    bench.add("the same, CPU of the herd each", "ms", [line["cpu_ms_since_mark"] / agents])
    bench.add("memory of each connected agent, private", "kB",
              [(after[1] - before[1]) * 1.024 / agents], goal="<= 90",
              floor=("raw Proton", floor["kb"]))


def tries(line):
    return (f"most tries {line['tries_most']}; ended before TLS {line['ended_before_tls']}, "
            f"in TLS {line['ended_in_tls']}, after {line['ended_after_tls']}")


def measure_floor(bench, fleet):
    """The same agents at a listener that only admits them."""
    state = fleet.orchestrator.state
    process = subprocess.Popen(
        [bench.build / "tests/bench/floors/floor_accept", *server_files(state)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    herd = Herd(fleet.herd.program, fleet.herd.root, fleet.herd.ca)
    try:
        port = json.loads(process.stdout.readline())["port"]
        before = cpu_ms(process.pid), private_kib(process.pid)
        herd.start(port)
        line = herd.wait_event("all_online")
        after = cpu_ms(process.pid), private_kib(process.pid)
        fan = fan_out(bench, process, herd)
    finally:
        herd.close()
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
    bench.floor_fan_out_s = fan
    return {"s": line["online_ms_all"] / 1000, "cpu_ms": (after[0] - before[0]) / bench.agents,
            "kb": (after[1] - before[1]) * 1.024 / bench.agents}


def fan_out(bench, process, herd):
    """Seconds until all have answered one command."""
    herd.tell("mark")
    herd.wait_event("mark")
    process.stdin.write("\n")
    process.stdin.flush()
    while herd.report()["outcomes_accepted"] < bench.agents:
        time.sleep(0.02)  # so that asking costs the herd little
    return herd.last["ms"] / 1000


def server_files(state):
    """Certificate and key of the orchestrator's listeners, and its CA."""
    return state / "server.pem", state / "server.key", state / "ca.pem"


def measure_restart(bench):
    """All agents come back after the orchestrator was killed and started at once."""
    fleet = bench.fleet
    fleet.connect(lambda: None)
    fleet.herd.tell("mark")
    fleet.herd.wait_event("mark")
    before = fleet.herd.last
    fleet.orchestrator.kill()
    fleet.orchestrator.start()
    line = fleet.herd.wait("all back", lambda one: one["event"] == "all_online")
    for name in ("ended_before_tls", "ended_in_tls", "ended_after_tls"):
        line[name] -= before[name]
    bench.add(f"{bench.agents:,} agents back after a kill -9", "s",
              [line["online_ms_all"] / 1000], goal="<= 60, no more than 3 tries", note=tries(line))
