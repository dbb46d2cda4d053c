#!/usr/bin/env python3
"""Sends people and attackers through observe mode of a running daemon, and says whose score falls.

driver.py --prompts SET.jsonl --url http://127.0.0.1:8420 [--rounds N]

The token is taken from CMS_TOKEN. Each account of SET sends its prompts in their order, at its own random times:
attackers 1.5 a second, people .4. When all are through, the next round begins with new accounts. Runs until it is
ended; with --rounds it ends by itself.
"""

import argparse
import heapq
import json
import os
import random
import signal
import sys
import time
import urllib.error
import urllib.request

PER_SECOND = {True: 1.5, False: 0.4}  # attackers, people
TICK_S = 0.25
BEHIND_S = 5  # a model that is slower than this traffic sets the pace


class Daemon:
    """What the driver asks of it."""

    def __init__(self, url, token):
        self.url, self.token = url, token

    def ask(self, method, path, body=None, kind="application/json"):
        request = urllib.request.Request(self.url + path, data=body, method=method)
        request.add_header("Authorization", "Bearer " + self.token)
        if body is not None:
            request.add_header("Content-Type", kind)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")

    def wait(self):
        for _ in range(600):
            try:
                return self.ask("GET", "/readyz")
            except OSError:
                time.sleep(0.1)
        sys.exit("the daemon is not ready after a minute")

    def send(self, lines):
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        try:
            self.ask("POST", "/v1/tenants/main/observations", body, "application/x-ndjson")
        except urllib.error.HTTPError as error:
            if error.code != 503:
                sys.exit(f"the daemon refuses what is sent: {error.read().decode()}")
            time.sleep(1)  # it has more to read than it can; these prompts are left out

    def fell(self):
        return self.ask("GET", "/v1/tenants/main/overview")["fell"]


def accounts_of(path):
    """Texts of each account in their order, and whether it extracts."""
    accounts = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            texts, _ = accounts.setdefault(row["account"], ([], row["from_attacker"]))
            texts.append(row["text"])
    return accounts


def schedule(accounts, number, chance):
    """A heap of (seconds from the start of the round, account, text)."""
    due = []
    for name, (texts, extracts) in accounts.items():
        at = 0
        for text in texts:
            at += chance.expovariate(PER_SECOND[extracts])
            due.append((at, name if number == 1 else f"{name}-round-{number}", text))
    heapq.heapify(due)
    return due


def tell(daemon, told, started):
    """One line an account and rung that is new, oldest first."""
    for one in reversed(daemon.fell()):
        key = (one["account"], one["action"])
        if key in told:
            continue
        told.add(key)
        print(f"  {time.monotonic() - started:5.0f} s  {one['account']:<28} {one['action']:<8} PoH {one['poh']:.3g}",
              flush=True)


def drive(daemon, due, told, started):
    begun = time.monotonic()
    asked = 0.0
    while due:
        now = time.monotonic() - begun
        lines = []
        while due and due[0][0] <= now:
            _, account, text = heapq.heappop(due)
            lines.append({"account": account, "time": time.time(), "text": text})
        if lines:
            daemon.send(lines)
        late = time.monotonic() - begun - now
        if late > BEHIND_S:
            begun += late
        if time.monotonic() - asked >= 1:
            tell(daemon, told, started)
            asked = time.monotonic()
        time.sleep(TICK_S)


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--prompts", required=True)
    words.add_argument("--url", required=True)
    words.add_argument("--rounds", type=int, default=0, help="0 = until it is ended")
    words.add_argument("--link", nargs=2, metavar=("BEFORE", "AFTER"), help="print a link that signs in")
    chosen = words.parse_args()
    # Ctrl-C goes to all of ./quickstart, which ends this by SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    token = os.environ.get("CMS_TOKEN", "")
    daemon = Daemon(chosen.url, token)
    daemon.wait()
    accounts = accounts_of(chosen.prompts)
    if chosen.link:
        before, after = chosen.link
        print(f"\nThe daemon runs. Its dashboard: {before}{chosen.url}/dashboard/#token={token}{after}\n"
              f"{sum(not extracts for _, extracts in accounts.values())} people and "
              f"{sum(extracts for _, extracts in accounts.values())} attackers send their prompts through the model "
              "now. Ctrl-C ends all.\n\nWhose score falls, and to which rung:", flush=True)
    chance = random.Random(1)
    told, started, number = set(), time.monotonic(), 0
    while number < chosen.rounds or chosen.rounds == 0:
        number += 1
        drive(daemon, schedule(accounts, number, chance), told, started)
    tell(daemon, told, started)


if __name__ == "__main__":
    main()
