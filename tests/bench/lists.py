"""Lists over a fleet with five resources on each host."""

import time

LISTS = (
    ("counts of compliance", "/v1/compliance?limit=1", "<= 2"),
    ("first page of hosts", "/v1/hosts?limit=100", "<= 20"),
    ("first page of compliance in an order",
     "/v1/compliance?limit=100&order_by=-compliance.since", "<= 20"),
    ("a filter that finds nothing", "/v1/compliance?limit=100&filter=id%20%3D%20none", ""),
    ("100 commands", "/v1/commands?limit=100", ""),
    ("100 commands that failed", "/v1/commands?limit=100&filter=state%20%3D%20failed", ""),
)
CALLS = 7
RESOURCES = 5


def measure(bench):
    fleet = bench.fleet
    fleet.connect(lambda: (0, 0))
    while fleet.put < RESOURCES:
        fleet.describe_on_each()
    rest = fleet.orchestrator.rest
    livez = sorted(seconds(rest, "/livez")[0] for _ in range(CALLS))[CALLS // 2] * 1000
    for name, path, goal in LISTS:
        found = [seconds(rest, path) for _ in range(CALLS)]
        bench.add(f"{name}, {bench.agents:,} hosts, {bench.agents * fleet.put:,} resources", "ms",
                  [took * 1000 for took, _ in found], goal=goal, floor=("/livez", livez),
                  note=f"{found[0][1] / 1024:.0f} KiB")


def seconds(rest, path):
    """(how long it took, bytes)"""
    start = time.monotonic()
    connection = rest.connect()
    connection.request("GET", path, headers=rest.headers())
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {body[:500]}")
    return time.monotonic() - start, len(body)
