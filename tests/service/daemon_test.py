"""The daemon from outside: the scores of `cms score`, observe mode, reload, drain, erasure, nothing in the clear."""

import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from daemon_world import (BASE_S, CMS, MODEL, ROOT, Daemon, assert_in_no_file, float32, let_dumps_come,  # noqa: E402
                          program, read_npy)


class DaemonTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.daemon = Daemon(self.own, self.atlas)
        self.addCleanup(lambda: self.daemon.process and self.daemon.process.poll() is None and self.daemon.stop(9))
        self.set = next(path.with_suffix("") for path in sorted(self.world.glob("*.npy"))
                        if path.stem not in ("manifold", "benign", "calibrate"))
        self.manifest = json.loads((self.world / (self.set.name + ".manifest.json")).read_text())
        self.model = "/".join((self.manifest["model_name"], self.manifest["layer"], self.manifest["pooling"]))

    def lines(self):
        vectors = read_npy(self.set.with_suffix(".npy"))
        for line, vector in zip(self.set.with_suffix(".jsonl").read_text().splitlines(), vectors):
            row = json.loads(line)
            yield {"account": row["account"], "time": BASE_S + row["time"], "vector": vector}

    def feed(self, lines, first=1):
        for sequence, at in enumerate(range(0, len(lines), 100), first):
            status, answer = self.daemon.send(lines[at:at + 100], self.model, sequence)
            self.assertEqual((status, answer["status"], answer["refused"]), (200, "done", 0), str(answer)[:500])

    def expected(self):
        done = program.run("score", "--atlas", self.atlas, self.set, "--json")
        return {line["account"]: line for line in map(program.parse, done.stdout.splitlines())}

    def assert_same_scores(self):
        for name, line in self.expected().items():
            got = self.daemon.account(name)
            for key in ("requests", "poh_min", "requests_at_min", "coverage", "atlas"):
                self.assertEqual(got[key], line[key], (name, key))

    def test_gives_the_scores_that_score_gives_through_kill_and_restart(self):
        lines = sorted(self.lines(), key=lambda line: line["time"])
        self.daemon.start()
        half = len(lines) // 200 * 100
        self.feed(lines[:half])
        self.daemon.stop(signal.SIGKILL)
        self.daemon.start()
        self.feed(lines[half:], half // 100 + 1)
        self.assert_same_scores()
        status, again = self.daemon.send(lines[:100], self.model, 1)
        self.assertEqual((status, again["status"]), (200, "duplicate"))
        self.assert_same_scores()
        self.assertEqual(self.daemon.stop(), 0)

    def test_policy_is_read_again_and_a_bad_one_changes_nothing(self):
        self.daemon.start()
        shadow = lambda: json.loads(self.daemon.ask("GET", "/v1/policy")[1])["shadow"]
        self.assertFalse(shadow())
        self.daemon.policy.write_text("[policy]\nshadow = true\n")
        self.daemon.process.send_signal(signal.SIGHUP)
        self.wait_until(shadow)
        self.daemon.policy.write_text("[policy]\nlimit = 7\n")
        self.daemon.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: "limit" in (self.own / "log").read_text())
        self.assertTrue(shadow())
        self.daemon.policy.write_text('[policy]\n[[policy.allow]]\ntenant = "tt"\naccount = "a"\n'
                                      'until = 2100-01-01\nwhy = "x"\n')
        self.daemon.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: 'did you mean "t"?' in (self.own / "log").read_text().replace("\\", ""))
        self.assertTrue(shadow())
        self.daemon.stop()
        audit = program.run("store", "audit", "--path", self.own / "store", "--key", f"t={self.own / 't.key'}")
        reloads = [line for line in map(json.loads, audit.stdout.splitlines()) if line["action"] == "reload"]
        self.assertEqual([line["actor"] for line in reloads], ["cms"] * 3)
        self.assertEqual(self.events("policy_changed"), [(None, None, "read again, by SIGHUP")])

    def test_a_policy_that_could_not_be_read_again_through_the_api_is_in_the_log(self):
        self.daemon.start()
        self.daemon.policy.write_text("[policy]\nlimit = 7\n")
        failed = lambda: [line for line in (self.own / "log").read_text().splitlines() if "reload_failed" in line]
        self.assertEqual(failed(), [])
        self.assertEqual(self.daemon.ask("POST", "/v1/policy/reload", role="admin")[0], 400)
        self.wait_until(failed)
        self.assertEqual(len(failed()), 1)
        self.assertIn("limit", failed()[0])

    def test_thresholds_are_the_accounts_own_without_anybody_making_a_key_and_outlive_restarts(self):
        self.daemon.start()
        lines = list(self.lines())
        self.feed(lines)
        names = sorted({line["account"] for line in lines})
        ladders = [self.daemon.account(name)["ladder"] for name in names]
        written = json.loads(self.daemon.ask("GET", "/v1/policy", role="analyst")[1])["ladder"]
        for rung, threshold in written.items():
            self.assertTrue(all(0.9 * threshold < own[rung] <= threshold for own in ladders), rung)
        self.assertEqual(len({own["limit"] for own in ladders}), len(names))
        self.daemon.stop()
        self.daemon.start()
        self.assertEqual([self.daemon.account(name)["ladder"] for name in names], ladders)
        self.daemon.policy.write_text("[policy]\njitter = 0\n")
        self.assertEqual(self.daemon.ask("POST", "/v1/policy/reload", role="admin")[0], 200)
        self.assertEqual(self.daemon.account(names[0])["ladder"], written)

    def test_another_policy_after_a_restart_is_in_the_audit_log_and_an_event(self):
        self.daemon.start()
        self.daemon.stop()
        self.daemon.start()  # the same
        self.daemon.policy.write_text("[policy]\nobserve = 0.2\n")
        self.daemon.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: self.events("policy_changed"))
        self.daemon.policy.write_text("[policy]\nobserve = 0.3\n")
        self.assertEqual(self.daemon.ask("POST", "/v1/policy/reload", role="admin")[0], 200)
        self.daemon.stop()
        self.daemon.start()  # what was read again is known
        self.daemon.stop()
        self.daemon.policy.write_text("[policy]\nshadow = true\n")
        self.daemon.start()
        self.daemon.stop()
        audit = program.run("store", "audit", "--path", self.own / "store", "--key", f"t={self.own / 't.key'}")
        entries = [line for line in map(json.loads, audit.stdout.splitlines())  # others: that somebody asked
                   if (line["action"], line["actor"]) == ("policy", "cms")]
        by = [line["detail"]["by"] for line in entries]
        self.assertEqual(by[:2] + by[3:], ["start", "SIGHUP", "start"])
        self.assertRegex((self.own / "tokens").read_text(), rf"(?m)^{re.escape(by[2])} admin ")
        self.assertEqual(len({line["detail"]["digest"] for line in entries}), 4)
        self.assertEqual([why for *_, why in self.events("policy_changed")],
                         ["read again, by SIGHUP", f"read again, by {by[2]}", "the daemon started with another policy"])

    def events(self, *kinds):
        lines = map(json.loads, (self.own / "events.jsonl").read_text().splitlines())
        return [(line["tenant"], line["account"], line["why"]) for line in lines if line["kind"] in kinds]

    def test_what_people_do_makes_events(self):
        lines = list(self.lines())
        name = lines[0]["account"]
        self.daemon.start()
        self.feed(lines[:100])
        account = f"/v1/tenants/t/accounts/{name}"
        put = lambda what, body: self.daemon.ask("PUT", f"{account}/{what}", body, "analyst",
                                                 (("Content-Type", "application/json"),))[0]
        self.assertEqual(put("labels", b'{"label": "honest"}'), 200)
        self.assertEqual(put("override", b'{"action": "limit", "until": 1e10, "why": "x"}'), 200)
        for text in ("[policy]\nobserve = 0.2\n", "[policy]\nobserve = 0.2 # the same\n"):
            self.daemon.policy.write_text(text)
            self.assertEqual(self.daemon.ask("POST", "/v1/policy/reload", role="admin")[0], 200)
        self.assertEqual(self.daemon.ask("DELETE", account, role="admin")[0], 204)
        self.assertEqual(put("labels", b'{"label": "honest"}'), 404)
        self.daemon.stop()
        told = self.events("label", "override", "policy_changed", "atlas_loaded", "erased")
        self.assertEqual([(tenant, (why or "").partition(",")[0]) for tenant, _, why in told],
                         [(None, "the daemon started with this atlas"), ("t", "honest"),
                          ("t", "limit until 2286-11-20T17:46:40.000Z"), (None, "read again"), ("t", "")])
        pseudonyms = {account for tenant, account, _ in told if tenant}
        self.assertEqual(len(pseudonyms), 1)
        self.assertNotIn(name, pseudonyms)

    def test_labels_overrides_and_another_policy_are_events_without_names(self):
        lines = list(self.lines())[:200]
        name = lines[0]["account"]
        account = f"/v1/tenants/t/accounts/{name}"
        json_type = (("Content-Type", "application/json"),)
        self.daemon.start()
        self.feed(lines)
        override = json.dumps({"action": "allow", "until": time.time() + 900, "why": "a test"}).encode()
        label = b'{"label":"unclear"}'
        self.assertEqual(self.daemon.ask("PUT", account + "/labels", label, "analyst", json_type)[0], 200)
        self.assertEqual(self.daemon.ask("PUT", account + "/override", override, "analyst", json_type)[0], 200)
        self.assertEqual(self.daemon.ask("DELETE", account + "/override", role="analyst")[0], 204)
        self.daemon.process.send_signal(signal.SIGHUP)  # the same policy again is no event
        self.daemon.policy.write_text("[policy]\nshadow = true\n")
        self.daemon.process.send_signal(signal.SIGHUP)
        told = lambda: [one for one in map(json.loads, (self.own / "events.jsonl").read_text().splitlines())
                        if one["kind"] in ("label", "override", "policy_changed")]
        self.wait_until(lambda: len(told()) >= 4)
        self.assertEqual([one["kind"] for one in told()], ["label", "override", "override", "policy_changed"])
        self.assertIn("unclear", told()[0]["why"])
        self.assertNotIn(name, json.dumps(told()))

    def test_signals_that_come_while_one_is_answered_do_not_end_it(self):
        self.daemon.start()
        for _ in range(300):
            self.daemon.process.send_signal(signal.SIGHUP)
            time.sleep(0.0001)
        self.assertEqual(self.daemon.ask("GET", "/readyz", role=None)[0], 200)
        self.assertEqual(self.daemon.stop(), 0)

    def wait_until(self, holds):
        for _ in range(500):
            if holds():
                return
            time.sleep(0.02)
        self.fail("it did not come to that")

    def test_a_snapshot_that_is_made_while_it_runs_is_a_whole_store(self):
        self.daemon.start()
        self.feed(list(self.lines())[:200])
        status, body = self.daemon.ask("POST", "/v1/store/snapshot", role="admin")[:2]
        self.assertEqual(status, 201)
        self.feed(list(self.lines())[200:300], first=3)
        self.daemon.stop()
        key, restored = f"t={self.own / 't.key'}", self.own / "restored"
        records = lambda path: int(re.search(rb"(\d+) records?", program.run("store", "verify", "--path", path, "--key",
                                                                            key).stdout).group(1))
        program.run("store", "restore", "--path", restored, json.loads(body)["path"])
        self.assertGreaterEqual(records(restored), 1)
        self.assertLess(records(restored), records(self.own / "store"))

    def test_an_erased_account_is_gone_after_a_restart_too(self):
        lines = list(self.lines())
        name = lines[0]["account"]
        self.daemon.start()
        self.feed(lines[:200])
        self.assertIsNotNone(self.daemon.account(name))
        self.assertEqual(self.daemon.ask("DELETE", f"/v1/tenants/t/accounts/{name}", role="admin")[0], 204)
        self.assertIsNone(self.daemon.account(name))
        self.daemon.stop()
        self.daemon.start()
        self.assertIsNone(self.daemon.account(name))

    def test_idle_accounts_are_erased_after_an_entry_into_the_audit_log(self):
        one = next(iter(self.lines()))
        lines = [one | {"account": f"idle{number}"} for number in range(600)]
        idle = {line["account"] for line in lines}
        self.daemon.start()
        self.feed(lines)
        self.feed([one | {"account": "lately", "time": time.time()}], first=7)
        self.daemon.stop()
        text = self.daemon.config.read_text()
        self.daemon.config.write_text(text.replace("[tenants.t]", "[tenants.t]\nretention_days = 0.01"))
        self.daemon.start()
        entered = lambda: json.loads(self.daemon.ask("GET", "/v1/tenants/t/audit", role="analyst")[1])["entries"]
        self.wait_until(lambda: sum(entry["detail"]["accounts"] for entry in entered()) >= len(idle))
        self.wait_until(lambda: all(self.daemon.account(one) is None for one in idle))
        self.assertIsNotNone(self.daemon.account("lately"))
        entries = entered()
        self.assertEqual({(entry["actor"], entry["action"]) for entry in entries}, {("retention", "erase")})
        self.assertGreater(len(entries), 1)
        pseudonyms = set()
        for entry in entries:
            of_entry = entry["detail"].pop("pseudonyms")
            self.assertEqual(entry["detail"], {"accounts": len(of_entry), "idle_days": 0.01})
            pseudonyms.update(of_entry)
        self.assertEqual(sum(entry["detail"]["accounts"] for entry in entries), len(idle))
        self.assertEqual(len(pseudonyms), len(idle))
        self.assertFalse(idle & pseudonyms)

    def test_the_dashboards_answers_are_of_the_same_accounts_and_survive_a_restart(self):
        lines = sorted(self.lines(), key=lambda line: line["time"])
        self.daemon.start()
        self.feed(lines)
        before = self.overview()
        self.assertEqual(before["accounts"], len({line["account"] for line in lines}))
        self.assertEqual(sum(minute["requests"] for minute in before["minutes"]), len(lines))
        name = lines[-1]["account"]
        got = self.daemon.account(name)
        picture = json.loads(self.daemon.ask("GET", f"/v1/tenants/t/accounts/{name}/picture")[1])
        self.assertEqual((picture["requests"], picture["time"]), (got["requests"], got["time"]))
        self.assertAlmostEqual(picture["ledger"]["price_next"], got["price"], places=6)  # evidence leaks meanwhile
        self.assertEqual(picture["growth"]["points"][-1]["charts"], got["readings"]["charts_horizon"])
        system = json.loads(self.daemon.ask("GET", "/v1/system")[1])
        self.assertEqual(system["engine"]["scored"], len(lines))
        self.assertGreater(system["latency_us"]["commit"]["p99"], 0)
        self.daemon.stop(signal.SIGKILL)
        self.daemon.start()
        self.wait_until(lambda: self.overview()["filled"])
        after = self.overview()
        for key in ("accounts", "computed", "actions", "poh"):
            self.assertEqual(after[key], before[key], key)
        self.assertEqual(after["fell"], [])

    def overview(self):
        return json.loads(self.daemon.ask("GET", "/v1/tenants/t/overview")[1])

    def test_the_dashboard_is_served_without_a_token(self):
        self.daemon.start()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.daemon.port}/") as answer:
            self.assertTrue(answer.url.endswith("/dashboard/"))
            self.assertIn("script-src 'self'", answer.headers["Content-Security-Policy"])
            self.assertIn(b"<html", answer.read())
        self.assertEqual(self.daemon.ask("GET", "/v1/tenants/t/overview", role=None)[0], 401)

    def test_neither_names_nor_vectors_are_in_the_clear_in_any_file(self):
        name = "canary-account-" + secrets.token_hex(8)
        lines = [line | {"account": name} for line in list(self.lines())[:80]]
        self.daemon.start()
        self.feed(lines)
        self.daemon.stop(signal.SIGKILL)
        vector = lines[5]["vector"]
        as_sent = json.dumps(vector[:4])[1:-1]
        self.assertGreater(len(as_sent), 40)
        assert_in_no_file(self, self.own, name.encode(), b"".join(map(float32, vector[:8])), as_sent.encode(),
                          as_sent.replace(" ", "").encode())

    def test_a_configuration_that_is_wrong_says_where(self):
        for text, code in (("[atlas]\nfile = 3\n", 3), ("[sevre]\n", 3)):
            self.daemon.config.write_text(text)
            done = program.run("serve", "--config", self.daemon.config)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(b"cms.toml", done.stderr)


@unittest.skipUnless(MODEL and os.path.exists(MODEL), "CMS_MODEL does not name a GGUF file")
class ObserveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = folder = pathlib.Path(tempfile.mkdtemp(prefix="cms-observe-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        environment = os.environ | {"CMS_QUICKSTART_DIR": str(folder)}
        subprocess.run(["bash", ROOT / "tools/quickstart/main_job.sh", "--shipped"], check=True, env=environment,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.model = program.run("model", "prepare", "--model", MODEL).stdout.decode().splitlines()[-1]

    def observing(self, name):
        """A daemon in a folder of its own, where it also would leave a core dump."""
        data = self.folder / name
        data.mkdir()
        let_dumps_come(data, self.addCleanup)
        daemon = Daemon(data, self.folder / "atlas.cms", f'[tap]\nmodel = "{self.model}"\n').start()
        self.addCleanup(daemon.stop, signal.SIGKILL)
        return daemon

    def test_a_tap_that_reads_with_another_model_than_the_atlas_is_refused_before_anything_is_observed(self):
        data = self.folder / "other"
        data.mkdir()
        daemon = Daemon(data, self.folder / "atlas.cms", f'[tap]\nmodel = "{MODEL}"\n')  # as shipped, not prepared
        done = subprocess.run([CMS, "serve", "--config", daemon.config], capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 4)
        self.assertIn(f"tap.model: {MODEL} is not the atlas' model: model file (SHA-256) differs",
                      done.stderr.decode())

    def test_what_does_not_fit_is_counted_and_what_a_drain_cut_off_can_be_sent_again(self):
        daemon = self.observing("drain")
        lines = [{"account": "patient", "time": time.time(), "text": f"Why is {i} no prime, and what divides it?"}
                 for i in range(2000)]  # half a minute of two cores
        full = [line | {"account": "crowd", "text": "?"} for line in lines[:1]] * 4096  # as many as may wait
        answers = {}

        def send(sequence, some):
            answers[sequence] = daemon.send(some, "", sequence, "observations")

        def refused():
            text = daemon.ask("GET", "/metrics")[1].decode()
            self.assertEqual(sum(map(float, re.findall(r"^cms_pipeline_items_total\{.*\} (.*)$", text, re.M))),
                             float(re.search(r"^cms_pipeline_received_total (.*)$", text, re.M).group(1)))
            return float(re.search(r'^cms_pipeline_refusals_total\{reason="overload"\} (.*)$', text, re.M).group(1))

        senders = [threading.Thread(target=send, args=words) for words in ((1, lines), (2, full), (3, full))]
        for sender in senders:
            sender.start()
            time.sleep(0.2)
        for _ in range(100):
            if refused() >= len(full):
                break
            time.sleep(0.05)
        self.assertGreaterEqual(refused(), len(full))
        daemon.stop()
        for sender in senders:
            sender.join()
        self.assertEqual({sequence: status for sequence, (status, _) in answers.items()}, {1: 503, 2: 503, 3: 503})
        daemon.start()
        send(1, lines[:100])
        status, answer = answers[1]
        self.assertEqual((status, answer["status"], answer["scored"]), (200, "done", 100), answer)

    def test_prompts_that_cannot_be_taken_are_refused_by_item_and_the_rest_is_scored(self):
        daemon = self.observing("refusing")
        now, text = time.time(), "What is a prime number?"
        lines = [{"account": "good", "time": now, "text": text}, {"account": "good", "time": now},
                 {"account": "good", "time": now, "text": 7}, {"account": "", "time": now, "text": text},
                 {"account": "g" * 257, "time": now, "text": text},
                 {"account": "good", "time": now + 1e6, "text": text}, {"account": "good", "time": 7, "text": text},
                 {"account": "good", "time": now, "text": "\0 \ufffd"},
                 {"account": "good", "time": now + 1, "text": text + " And what a perfect one? " * 400},
                 {"account": "good", "text": text}]
        status, answer = daemon.send(lines, "", 1, "observations")
        self.assertEqual((status, answer["status"], answer["received"]), (200, "done", len(lines)), answer)
        self.assertEqual([(one["item"], one["refusal"]) for one in answer["refusals"]],
                         [(1, "text"), (2, "text"), (3, "account"), (4, "account"), (5, "clock"), (6, "clock")])
        self.assertEqual(answer["scored"], 4)
        self.assertEqual(daemon.account("good")["requests"], 4)

    def test_prompts_come_to_the_scores_that_capture_and_score_come_to(self):
        folder = self.folder
        accounts = {}
        for line in (folder / "sets" / "expected.jsonl").read_text().splitlines():
            row = json.loads(line)
            accounts.setdefault(row["account"], []).append(row)
        chosen = {name: accounts[name][:20] for name in list(accounts)[:2]}
        daemon = self.observing("daemon")
        for sequence, (name, asked) in enumerate(chosen.items(), 1):
            lately = time.time() - asked[-1]["time"]  # so that no evidence has leaked when it is looked at
            lines = [{"account": name, "time": lately + row["time"], "text": row["text"]} for row in asked]
            status, answer = daemon.send(lines, "", sequence, "observations")
            self.assertEqual((status, answer["scored"]), (200, 20), answer)
        done = program.run("score", "--atlas", folder / "atlas.cms", folder / "sets" / "expected", "--json", "--every")
        scored = {}
        for line in map(json.loads, done.stdout.splitlines()):
            if line["requests"] == 20:
                scored[line["account"]] = line
        for name in chosen:
            got = daemon.account(name)
            self.assertEqual(got["requests"], 20)
            # What else is in a batch of the model changes its vectors by float noise.
            self.assertAlmostEqual(got["coverage"], scored[name]["coverage"], delta=0.03)
            self.assertAlmostEqual(got["poh"], scored[name]["poh"], delta=0.1)

    def test_prompts_that_were_read_or_refused_are_in_no_file_after_a_crash_nor_is_the_key_of_litellm(self):
        daemon = self.observing("canary")
        canary, key = "canary-prompt-" + secrets.token_hex(8), "canary-key-" + secrets.token_hex(8)
        lines = [{"account": "canary", "time": time.time(), "text": f"How do I spell {canary} {i} times?"}
                 for i in range(20)]
        refused = [lines[0] | {"time": 7}, lines[0] | {"account": ""}]
        status, answer = daemon.send(lines + refused, "", 1, "observations")
        self.assertEqual((status, answer["scored"], answer["refused"]), (200, 20, 2), answer)
        self.assertEqual(daemon.guardrail(key, f"What rhymes with {canary}?"), (200, {"action": "NONE"}))
        read = 'cms_tap_bodies_total{result="read"} 1\n'
        for _ in range(600):  # the tap reads it while the machine has nothing else to do
            if read in daemon.ask("GET", "/metrics")[1].decode():
                break
            time.sleep(0.2)
        self.assertIn(read, daemon.ask("GET", "/metrics")[1].decode())
        daemon.stop(signal.SIGSEGV)
        assert_in_no_file(self, daemon.folder, canary.encode(), key.encode())


if __name__ == "__main__":
    unittest.main()
