"""People at work while the daemon is killed: accounts fed, labelled, overridden and erased, snapshots, other policies.

What was acknowledged has to be there at the next start; what was under way may be, whole or not at all.
"""

import collections
import http.client
import json
import pathlib
import re
import threading
import time
import urllib.error
import urllib.request

from proving import CMS, run

GONE = (False, None, None)  # whether there is such an account, and the words of its label and its override
JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson", "Cms-Model": "noise/final/mean"}


class People:
    """One thread. Of accounts of its own it knows what the store may have."""

    def __init__(self, world, chance):
        self.world, self.chance = world, chance
        self.tokens = {"tap": world.tap, "reader": world.reader, "analyst": world.token("analyst"),
                       "admin": world.token("admin")}
        self.may = {f"person-{i}": {GONE} for i in range(8)}
        self.done = collections.Counter()  # acknowledged, by what the audit log calls it
        self.snapshots, self.wrong, self.put_away = [], [], 0
        self.policy = world.folder / "policy.toml"
        self.policy.write_text("[policy]\n")
        world.config.write_text(world.config.read_text() + '[policy]\nfile = "policy.toml"\n')

    def ask(self, role, method, path, body=None, headers=None):
        """The status and the answer; no status where the daemon was gone before it had answered."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.world.http}{path}", data=body, method=method,
                                         headers={"Authorization": f"Bearer {self.tokens[role]}"} | (headers or {}))
        try:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as error:
                return error.code, error.read()
        except (OSError, http.client.HTTPException):
            return None, b""

    def work(self, seconds):
        """Until the daemon is killed, so many seconds from now."""
        self.check()
        killer = threading.Timer(seconds, self.world.process.kill)
        killer.start()
        while self.act():
            pass
        killer.join()

    def begin(self):
        """Each kind of act once, before the first kill: in a few short lives chance may leave one out."""
        for kind in ("feed", "label", "override", "snapshot", "policy", "erase"):
            self.act(kind, "person-0")

    def act(self, kind=None, name=None):
        """One thing that somebody does, by chance what and to whom; false where the daemon was gone before it had
        answered."""
        name, words = name or self.chance.choice(list(self.may)), f"because of {self.chance.random()}"
        account = f"/v1/tenants/t/accounts/{name}"
        kind = kind or self.chance.choice(("feed", "feed", "label", "override", "erase", "snapshot", "policy", "look"))
        if kind == "feed":
            vector = [self.chance.gauss(0, 1) for _ in range(self.world.dimension)]
            line = {"account": name, "time": time.time(), "vector": vector}
            status, answer = self.ask("tap", "POST", "/v1/tenants/t/activations", json.dumps(line).encode(), LINES)
            if status == 200 and json.loads(answer)["scored"] == 0:
                status = 503  # shed or refused: it is not there for that
            return self.note(name, kind, status, lambda there, label, override: (True, label, override))
        if kind == "label":
            status, _ = self.ask("analyst", "PUT", account + "/labels",
                                 json.dumps({"label": "unclear", "why": words}).encode(), JSON)
            return self.note(name, kind, status, lambda there, label, override: (there, words, override))
        if kind == "override":
            body = {"action": "limit", "until": time.time() + 9000, "why": words}
            status, _ = self.ask("analyst", "PUT", account + "/override", json.dumps(body).encode(), JSON)
            return self.note(name, kind, status, lambda there, label, override: (there, label, words))
        if kind == "erase":
            return self.note(name, kind, self.ask("admin", "DELETE", account)[0], lambda *_: GONE)
        if kind == "snapshot":
            status, answer = self.ask("admin", "POST", "/v1/store/snapshot")
            if status == 201:
                self.snapshots.append(self.world.folder / "snapshots" / pathlib.Path(json.loads(answer)["path"]).name)
        elif kind == "policy":
            self.policy.write_text(f"[policy]\nobserve = {self.chance.choice((0.2, 0.25, 0.3))}\n")
            status, _ = self.ask("admin", "POST", "/v1/policy/reload")
        else:
            status, answer = self.ask("reader", "GET", "/metrics")
            seen = re.search(rb"^cms_pipeline_evictions_total (\d+)", answer, re.M)
            self.put_away = max(self.put_away, int(seen.group(1)) if seen else 0)
        if status in (200, 201) and kind != "look":
            self.done[kind] += 1
        return status is not None

    def note(self, name, kind, status, change):
        """What the store may have of an account after an answer. Only a feed makes one that is not there."""
        there = {one for one in self.may[name] if one[0] or kind == "feed"}
        changed = {change(*one) for one in there}
        if status in (200, 204):
            self.may[name] = changed
            if kind != "feed":
                self.done[kind] += 1
        elif status == 404:
            self.may[name] = self.may[name] & {GONE}
        else:
            self.may[name] = self.may[name] | changed
        if not self.may[name]:
            self.wrong.append(f"{kind} of {name}: {status}")
            self.may[name] = {GONE}
        return status is not None

    def check(self):
        """After a start: what is there is one of what may be."""
        for name in self.may:
            for _ in range(20):
                status, answer = self.ask("reader", "GET", f"/v1/tenants/t/accounts/{name}")
                if status in (200, 404):
                    break
                time.sleep(0.1)  # a busy disk
            seen = GONE
            if status == 200:
                body = json.loads(answer)
                seen = (True, *((body[what] or {}).get("why") for what in ("label", "override")))
            if status not in (200, 404) or seen not in self.may[name]:
                self.wrong.append(f"{name} after a start: {status}, {seen}")
            self.may[name] = {seen}

    def finish(self):
        """After the last kill: every acknowledged act has its entry, store and snapshots are whole. Returns what is
        wrong."""
        store, key = self.world.folder / "store", f"t={self.world.key}"
        run(CMS, "store", "verify", "--path", store, "--key", key)
        entries = run(CMS, "store", "audit", "--path", store, "--key", key, "--limit", 10_000_000).splitlines()
        entered = collections.Counter(json.loads(line)["action"] for line in entries)
        self.wrong += [f"{count} times {kind}, {entered[kind]} entries" for kind, count in self.done.items()
                       if entered[kind] < count]
        for path in self.snapshots[-5:]:
            run(CMS, "store", "verify", "--path", path, "--key", key)
        return self.wrong
