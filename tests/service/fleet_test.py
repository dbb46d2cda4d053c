"""The fleet in the daemon, from outside: a campaign no member of which is flagged by itself is flagged, its members are
limited and honest accounts are not; it keeps its name through SIGTERM and kill -9, and is released when it rests."""

import json
import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from daemon_test import BASE_S, Daemon, program  # noqa: E402  (which finds tests/cli)
import world  # noqa: E402

MODEL = "/".join((world.MODEL, "final", "mean"))
REQUESTS = 20
CAMPAIGN = {f"campaign-{i:02}" for i in range(20)}


def parse(answer):
    status, body = answer
    if status != 200:
        raise AssertionError(body)
    return json.loads(body)


class Fleet(program.ProgramTest):
    @classmethod
    def setUpClass(cls):
        made, folder = world.World(), program.fitted()
        cls.honest = {f"h{i:03}": made.honest(REQUESTS) for i in range(240)}
        cls.today = {f"t{i:03}": made.honest(REQUESTS) for i in range(80)}
        cls.today |= {name: made.anywhere(REQUESTS) for name in sorted(CAMPAIGN)}
        world.write_set(folder / "fleet-honest", *made.accounts(cls.honest))
        cls.rows = list(zip(*made.accounts(cls.today)))
        cls.file = folder / "fleet.cms"
        done = program.run("fleet", "fit", "--atlas", folder / "atlas.cms", "--honest", folder / "fleet-honest",
                           "--resolution", "1", "-o", cls.file, "--json")
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode())
        cls.level = 1.01 * json.loads(done.stdout)["poh_min"]

    def setUp(self):
        super().setUp()
        self.daemon = Daemon(self.own, self.atlas, self.section())
        self.daemon.policy.write_text(f"[policy]\nlimit = {self.level}\nprice = {self.level}\nobserve = {self.level}\n")
        self.addCleanup(lambda: self.daemon.process and self.daemon.process.poll() is None and self.daemon.stop(9))

    def section(self, idle_days=7):
        return (f'[fleet]\ncalibration = "{self.file}"\nlevel = {self.level}\nupdate_s = 0.2\n'
                f'idle_days = {idle_days}\n')

    def feed(self):
        lines = [row | {"time": BASE_S + row["time"], "vector": vector} for vector, row in self.rows]
        for sequence, at in enumerate(range(0, len(lines), 100), 1):
            status, answer = self.daemon.send(lines[at:at + 100], MODEL, sequence)
            self.assertEqual((status, answer["scored"]), (200, len(lines[at:at + 100])), str(answer)[:500])

    def campaigns(self, state="flagged"):
        return parse(self.daemon.ask("GET", f"/v1/tenants/t/campaigns?state={state}"))

    def whole(self, one):
        return parse(self.daemon.ask("GET", f"/v1/tenants/t/campaigns/{one['id']}?limit=1000"))

    def settled(self, state="flagged"):
        """The list when nothing waits any more and the last look has seen everybody, or a minute has passed."""
        for _ in range(600):
            seen = self.campaigns(state)
            if seen["filled"] and seen["accounts"] == len(self.today) and self.waiting() == 0 and seen["campaigns"]:
                return seen
            time.sleep(0.1)
        self.fail(f"no campaign: {seen}, {self.waiting()} wait")

    def waiting(self):
        lines = self.daemon.ask("GET", "/metrics")[1].decode().splitlines()
        return float(next(line for line in lines if line.startswith("cms_fleet_waiting_accounts ")).split()[1])

    def events(self):
        lines = (self.own / "events.jsonl").read_text().splitlines()
        return [one for one in map(json.loads, lines) if one["kind"] == "campaign"]

    def found(self, seen):
        """The flagged campaign that holds most of the made-up accounts, and its members."""
        by_members = [(one, {member["account"] for member in self.whole(one)["members"]}) for one in seen["campaigns"]]
        return max(by_members, key=lambda pair: len(pair[1] & CAMPAIGN))

    def test_members_are_limited_though_none_is_flagged_alone_and_honest_accounts_are_not(self):
        self.daemon.start()
        self.feed()
        campaign, members = self.found(self.settled())
        self.assertGreaterEqual(len(members & CAMPAIGN), 15)
        self.assertGreaterEqual(len(members & CAMPAIGN) / len(members), 0.8)
        self.assertEqual((campaign["action"], campaign["accounts"]), ("limit", len(members)))
        flagged = set().union(*(self.found({"campaigns": [one]})[1] for one in self.settled()["campaigns"]))
        for name in self.today:
            account = self.daemon.account(name)
            decision = parse(self.daemon.ask("GET", f"/v1/tenants/t/accounts/{name}/decision"))
            self.assertEqual(decision["campaign"] is not None, name in flagged, name)
            if name in members & CAMPAIGN:
                self.assertGreater(account["poh"] or 1, self.level, name)  # alone it would be allowed
                self.assertEqual((decision["action"], decision["why"]), ("limit", "campaign"))
                self.assertEqual(decision["campaign"]["id"], campaign["id"])
        honest = [name for name in self.today if name.startswith("t") and name not in flagged]
        self.assertGreaterEqual(len(honest), 70)
        overview = parse(self.daemon.ask("GET", "/v1/tenants/t/overview"))
        self.assertGreaterEqual(overview["actions"]["limit"], len(flagged))
        told = [event for event in self.events() if event["campaign"]["id"] == campaign["id"]]
        self.assertEqual(told[0]["campaign"]["change"], "flagged")
        self.assertIn("cover", told[0]["why"])
        for event in self.events():
            self.assertNotIn("campaign-", json.dumps(event).replace("campaign-changed", ""))

    def test_a_campaign_keeps_its_name_and_members_through_restarts_and_is_released_when_it_rests(self):
        self.daemon.start()
        self.feed()
        before, members = self.found(self.settled())
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.daemon.stop(how)
            self.daemon.start()
            decision = None
            for _ in range(100):  # names are looked up first, long before accounts are read
                decision = parse(self.daemon.ask("GET", "/v1/tenants/t/accounts/campaign-07/decision"))["campaign"]
                if decision:
                    break
                time.sleep(0.02)
            if "campaign-07" in members:
                self.assertEqual(decision["id"], before["id"])
            after, now = self.found(self.settled())
            self.assertEqual(after["id"], before["id"], how)
            self.assertEqual(now & CAMPAIGN, members & CAMPAIGN, how)
        self.assertEqual(sum(event["campaign"]["change"] == "flagged" and event["campaign"]["id"] == before["id"]
                             for event in self.events()), 1)
        self.daemon.stop()
        self.daemon.config.write_text(self.daemon.config.read_text().replace("idle_days = 7", "idle_days = 0.0001"))
        self.daemon.start()
        for _ in range(300):
            if not self.campaigns()["campaigns"]:
                break
            time.sleep(0.1)
        self.assertEqual(self.campaigns()["campaigns"], [])
        self.assertIn(before["id"], [one["id"] for one in self.campaigns("released")["campaigns"]])
        decision = parse(self.daemon.ask("GET", "/v1/tenants/t/accounts/campaign-07/decision"))
        self.assertEqual((decision["action"], decision["campaign"]), ("allow", None))
        self.assertEqual(self.events()[-1]["campaign"]["change"], "released")

    def test_an_erased_member_is_gone_from_the_campaign(self):
        self.daemon.start()
        self.feed()
        campaign, members = self.found(self.settled())
        name = sorted(members & CAMPAIGN)[0]
        self.assertEqual(self.daemon.ask("DELETE", f"/v1/tenants/t/accounts/{name}", role="admin")[0], 204)
        self.assertNotIn(name, {member["account"] for member in self.whole(campaign)["members"]})
        for _ in range(100):
            if self.campaigns()["accounts"] == len(self.today) - 1:
                break
            time.sleep(0.1)
        self.assertEqual(self.campaigns()["accounts"], len(self.today) - 1)

    def test_a_calibration_that_does_not_belong_here_stops_the_start_and_config_check_says_so(self):
        self.file.read_bytes()
        for content in (b"nothing", self.file.read_bytes()[:-1]):
            wrong = self.own / "wrong.cms"
            wrong.write_bytes(content)
            self.daemon.config.write_text(self.daemon.config.read_text().replace(str(self.file), str(wrong)))
            for words in (("serve", "--config", self.daemon.config), ("config", "check", self.daemon.config)):
                done = program.run(*words)
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn(b"cms fleet fit", done.stderr + done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
