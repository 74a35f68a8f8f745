#!/usr/bin/env python3
"""Rolls a description out host by host, looks whether each host is well, and stops when one is not.

    rollout.py FILE --name NAME [--filter 'labels.role = "web"'] [--batch N] [--check-port PORT]

FILE is what `ek apply -f` takes. All hosts that the filter selects are planned first, and hosts
with the same plan are shown together. Then one host alone (the canary), then batches of N. After
each host its resources must be compliant, and with --check-port a port of it must answer. While it
runs, drift and repairs of these hosts are told.

NAME makes the rollout repeatable: each host's order has the idempotency key NAME/HOST, so a second
run with the same NAME goes on where the first was killed and orders nothing twice.

Needs EK_URL and EK_TOKEN_FILE as ek does, and evenkeel_client.py beside it or on PYTHONPATH.
Exit: 0 every host is done, 1 stopped at a host (which is named), 2 usage, 9 no host is selected.
"""

import argparse
import concurrent.futures
import json
import socket
import sys
import threading
import time

from evenkeel_client import Client, Problem, quote

WAIT_SECONDS = 300
SETTLE_SECONDS = 60


class Unwell(Exception):
    """Why a rollout does not go on."""


def changes_of(command):
    """What a command does, as lines that are alike on hosts that get the same."""
    return tuple(f"{entry['collection']}/{entry['id']} {change['path']}: "
                 f"{json.dumps(change['before'])} -> {json.dumps(change['after'])}"
                 for entry in command["resources"] for change in entry["changes"])


def show_plans(client, hosts, resources):
    """Prints each distinct plan once, with the hosts it is for."""
    plans = {}
    for host in hosts:
        planned = client.apply(host["id"], resources, dry_run=True)
        wrong = [entry for entry in planned["resources"] if entry["outcome"] == "failed"]
        if wrong:
            raise Unwell(f"{host['name']}: {wrong[0]['collection']}/{wrong[0]['id']}: "
                         f"{wrong[0]['error']['detail']}")
        plans.setdefault(changes_of(planned), []).append(host["name"])
    for changes, names in plans.items():
        print(f"plan for {', '.join(names)}: {len(changes)} changes")
        for line in changes:
            print(f"  {line}")


def order(client, host, resources, name):
    """The finished command of this host; ordered once for each NAME, however often this runs."""
    command = client.request(
        "POST", f"/v1/hosts/{quote(host['id'])}:apply", {"resources": resources},
        headers={"Idempotency-Key": f"{name}/{host['id']}"})[2]
    return client.wait(command, WAIT_SECONDS)


def ensure_compliant(client, host, resources):
    """Returns once all that was ordered is as described."""
    wanted = {(entry["collection"], entry["id"]) for entry in resources}
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        off = [f"{item['collection']}/{item['id']} is {item['compliance']['status']}"
               for item in client.compliance(host=host["id"])["items"]
               if (item["collection"], item["id"]) in wanted
               and item["compliance"]["status"] != "compliant"]
        if not off:
            return
        if time.monotonic() > deadline:
            raise Unwell("; ".join(off))
        time.sleep(0.2)


def ensure_answers(host, port):
    """Returns when the host accepts a connection: put your own check of health here."""
    address = (host["facts"].get("addresses") or [host["name"]])[0]
    try:
        socket.create_connection((address, port), timeout=10).close()
    except OSError as error:
        raise Unwell(f"port {port} of {address}: {error}") from error


def roll_out_to(client, host, resources, options):
    command = order(client, host, resources, options.name)
    if command["state"] != "succeeded":
        first = next((entry["error"]["detail"] for entry in command["resources"]
                      if entry["error"]), command.get("error"))
        raise Unwell(f"the command {command['id']} ended {command['state']}: {first}")
    ensure_compliant(client, host, resources)
    if options.check_port:
        ensure_answers(host, options.check_port)
    print(f"{host['name']}: done ({len(changes_of(command))} changes)", flush=True)


def tell_events(events, names):
    """Prints what befalls the hosts while the rollout runs."""
    for event in events:
        name = names.get(event["data"].get("host"))
        if name and event["type"] in ("resource.drifted", "resource.repaired", "resource.failed"):
            print(f"  {name}: {event['type']} {event['subject']}", flush=True)


def roll_out(client, hosts, resources, options):
    """One host alone, then batches; the first failure lets the running batch end and no other."""
    batches = [hosts[:1]] + [hosts[at:at + options.batch]
                             for at in range(1, len(hosts), options.batch)]
    for batch in batches:
        with concurrent.futures.ThreadPoolExecutor(len(batch)) as pool:
            running = {pool.submit(roll_out_to, client, host, resources, options): host
                       for host in batch}
        failed = {host["name"]: future.exception() for future, host in running.items()
                  if future.exception()}
        if failed:
            raise Unwell("; ".join(f"{name}: {why}" for name, why in failed.items()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--name", required=True)
    parser.add_argument("--filter")
    parser.add_argument("--batch", type=int, default=5)
    parser.add_argument("--check-port", type=int)
    options = parser.parse_args()
    with open(options.file, encoding="utf-8") as file:
        resources = json.load(file)["resources"]

    client = Client.from_environment()
    hosts = [host for host in client.list("/v1/hosts", filter=options.filter)
             if host["connection"] == "online"]
    if not hosts:
        print("no host is selected", file=sys.stderr)
        return 9
    with client.events() as events:
        names = {host["id"]: host["name"] for host in hosts}
        threading.Thread(target=tell_events, args=(events, names), daemon=True).start()
        try:
            show_plans(client, hosts, resources)
            roll_out(client, hosts, resources, options)
        except (Unwell, Problem, OSError) as error:
            print(f"stopped: {error}", file=sys.stderr)
            return 1
    print(f"{len(hosts)} hosts are as described")
    return 0


if __name__ == "__main__":
    sys.exit(main())
