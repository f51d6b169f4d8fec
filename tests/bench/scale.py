#!/usr/bin/env python3
"""What a Monday morning does to a server with Usher: a queue with measured service times.

Contacts ask at random moments, more or fewer of them from second to second. A node works through what it gets in
the order in which it comes, one thing after the other on each core. What it has stored goes to Usher as the protocol
has it: one ask in flight, 5 ms or more between two, 100 requests at most. SCALE.md quotes the result.
"""
import argparse
import heapq
import random

GAP, MOST = 0.005, 100  # of PROTOCOL.md, S17 and S22


def simulate(rate, cores, store, apply, ask, decide, burst, seconds, seed=1):
    """Latencies of all requests at one node, in seconds, and how many asks there were.

    store, apply: a request's two parts in the server; ask, decide: usherd, for each ask and for each request in it.
    """
    rng = random.Random(seed)
    arrivals, now = [], 0.0
    while now < seconds:
        second = rate * rng.uniform(2 - burst, burst)
        end = now + 1
        while (now := now + rng.expovariate(second)) < end:
            arrivals.append(now)
        now = end
    free = [0.0] * cores  # when each core has done what it has begun

    def work(at, time):
        core = min(range(cores), key=free.__getitem__)
        free[core] = max(at, free[core]) + time
        return free[core]

    events = [(at, number, "arrives", at) for number, at in enumerate(arrivals)]
    heapq.heapify(events)
    serial = len(events)
    queue, latencies = [], []
    last_sent, in_flight, asks, wake = -1.0, False, 0, False
    while events:
        now, _, what, about = heapq.heappop(events)
        serial += 1
        if what == "arrives":
            heapq.heappush(events, (work(now, store), serial, "stored", about))
        elif what == "stored":
            queue.append(about)
        elif what == "wake":
            wake = False
        elif what == "answered":
            in_flight = False
            latencies += [work(now, apply) - begun for begun in about]
        if not queue or in_flight:
            continue
        if now < last_sent + GAP - 1e-9:
            if not wake:
                wake = True
                heapq.heappush(events, (last_sent + GAP, serial, "wake", None))
            continue
        some, queue = queue[:MOST], queue[MOST:]
        last_sent, in_flight, asks = now, True, asks + 1
        heapq.heappush(events, (now + ask + decide * len(some), serial, "answered", some))
    return sorted(latencies), asks


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=float, default=10e6)
    parser.add_argument("--share", type=float, default=0.05, help="of the users, who ask")
    parser.add_argument("--asks", type=float, default=10, help="of each")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--cores", type=int, default=4, help="of a node")
    parser.add_argument("--request-ms", type=float, required=True, help="a core's time for a request in the server")
    parser.add_argument("--ask-ms", type=float, required=True, help="usherd's for an ask, with its commit")
    parser.add_argument("--decide-ms", type=float, required=True, help="usherd's for each request in it")
    parser.add_argument("--burst", type=float, default=1.5, help="the busiest second, of the mean")
    options = parser.parse_args()

    rate = options.users * options.share * options.asks / options.seconds
    print(f"{rate:,.0f} requests a second, {rate * options.request_ms / 1e3:.1f} cores busy with them\n")
    print("| nodes | load | p50 | p99 | worst | requests in an ask | asks a second, all nodes | usherd's cores |")
    print("|---|---|---|---|---|---|---|---|")
    least = rate * options.request_ms / 1e3 / options.cores
    for nodes in dict.fromkeys(max(1, round(least / load)) for load in (0.5, 0.6, 0.7, 0.9)):
        each = rate / nodes
        times, asks = simulate(each, options.cores, options.request_ms / 2e3, options.request_ms / 2e3,
                               options.ask_ms / 1e3, options.decide_ms / 1e3, options.burst, 60)
        at = lambda part: f"{times[int(part * (len(times) - 1))] * 1e3:,.0f} ms"  # noqa: E731
        print(f"| {nodes} | {least / nodes:.0%} | {at(0.5)} | {at(0.99)} | {at(1)} | {len(times) / asks:.1f} | "
              f"{asks / 60 * nodes:,.0f} | "
              f"{(asks / 60 * nodes * options.ask_ms + rate * options.decide_ms) / 1e3:.2f} |")


if __name__ == "__main__":
    main()
