"""How soon: a PUT until it is done, an edit until its drift is read from the event stream."""

import os
import pathlib
import time

from harness.events import Events, about

PLACES = (("tmpfs", "/dev/shm", "<= 3", "<= 2"), ("disk", "/var/tmp", "<= 8", "<= 4"))
TIMES = 100


def measure(bench):
    for name, parent, put_goal, drift_goal in PLACES:
        commit_ms = 1000 / bench.floor_store(batch=1, folder=parent)["per_second"]
        with bench.orchestrator(parent) as orchestrator, \
                bench.agent(orchestrator, parent) as agent, Events(orchestrator.rest) as events:
            path = agent.root / "file"
            host = orchestrator.rest.items("/v1/hosts")[0]["id"]
            put = [one_put(orchestrator.rest, host, path, number) for number in range(TIMES)]
            bench.add(f"PUT of a file until it is done, {name}", "ms", put, goal=put_goal,
                      floor=("4 commits", 4 * commit_ms))
            first, second = edits(orchestrator.rest, events, host, path)
            for kind, found in (("edit", first), ("edit that follows at once", second)):
                bench.add(f"{kind} until a client reads it, {name}", "ms", found, goal=drift_goal,
                          floor=("2 commits", 2 * commit_ms))


def one_put(rest, host, path, number):
    start = time.monotonic()
    done = rest.put(host, "files", str(path), {"content": f"{number}\n"}, "report")
    if done.body.get("state") != "succeeded":
        raise RuntimeError(f"the PUT failed: {done}")
    return (time.monotonic() - start) * 1000


def edits(rest, events, host, path):
    """Milliseconds of edits that lead away, after a pause, and of those that lead back."""
    good, found = pathlib.Path(path).read_text(), ([], [])
    for number in range(TIMES):
        time.sleep(0.05)  # so that the first edit does not follow another
        for times, text, kind in ((found[0], f"bad {number}\n", "resource.drifted"),
                                  (found[1], good, "resource.restored")):
            since, start = events.mark(), time.monotonic()
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            events.wait(about(kind, host, "files", str(path)), since=since)
            times.append((time.monotonic() - start) * 1000)
    return found
