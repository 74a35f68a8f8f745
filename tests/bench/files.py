"""The agent with 10,000 files of 2 KiB: apply, check, memory."""

import json
import time

import peers
from programs import cpu_ms, fine_cpu_ms, private_kib

FILES, A_FILE, BYTES, CHECKS = 10_000, 2_000, 2_048, 7


def content(number):
    return f"{number}\n".ljust(BYTES, "x")


def measure(bench):
    with bench.agent(sweep={"interval": "1h"}) as agent:
        folder = agent.root / "files"
        folder.mkdir()
        paths = [str(folder / f"{number}") for number in range(FILES)]
        names = "\n".join(paths) + "\n"
        apply(bench, agent, paths, names)
        bench.add("agent after an apply of 10,000 files, private memory", "MiB",
                  [private_kib(agent.pid) / 1024], goal="<= 24")
        agent.kill()
        agent.start()
        wait_until_still(agent.pid)
        bench.add("the same after a restart", "MiB", [private_kib(agent.pid) / 1024], goal="<= 24")
        check(bench, agent, names, peers.measure(paths, agent.root) if bench.peers else [])


def apply(bench, agent, paths, names):
    start, cpu = time.monotonic(), cpu_ms(agent.pid)
    for first in range(0, FILES, A_FILE):
        file = agent.root / "FILE.json"
        file.write_text(json.dumps({"resources": [
            {"collection": "files", "id": path, "policy": "report",
             "description": {"content": content(first + number), "mode": "0644"}}
            for number, path in enumerate(paths[first:first + A_FILE])]}))
        agent.ask("apply", file)
    took, used = time.monotonic() - start, cpu_ms(agent.pid) - cpu
    floor = bench.floor("files", "write", BYTES, text="\n".join(
        path + ".floor" for path in paths) + "\n")
    bench.add("apply 10,000 files, five FILEs", "s", [took], goal="<= 2 x",
              floor=("write, fsync, rename", floor["wall_ms"] / 1000))
    bench.add("the same, CPU", "s", [used / 1000],
              floor=("write, fsync, rename", floor["cpu_ms"] / 1000))
    for path in paths:
        (agent.root / "files" / (path + ".floor")).unlink()
    bench.floor("files", "hash", text=names)  # the files are in memory from here on


def check(bench, agent, names, others):
    floors = {kind: sorted(bench.floor("files", kind, text=names)["cpu_ms"] for _ in range(5))[2]
              for kind in ("hash", "stat")}
    found = []
    for _ in range(CHECKS):
        before = fine_cpu_ms(agent.pid)
        agent.ask("check")
        wait_until_still(agent.pid)
        found.append(fine_cpu_ms(agent.pid) - before)
    bench.add("check of 10,000 files, CPU", "ms", found, goal="<= 1.5 x hash, <= 2 x stat",
              floor=("hash", floors["hash"]), peers=others)
    bench.add("the same", "ms", found, floor=("stat", floors["stat"]))


def wait_until_still(pid):
    """Until it has used no CPU for a second."""
    before = None
    while before != (before := cpu_ms(pid)):
        time.sleep(1)  # its length is what "still" means
