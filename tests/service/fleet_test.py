"""The fleet in the daemon, from outside: a campaign no member of which is flagged by itself is flagged, its members are
limited and honest accounts are not; it keeps its name through SIGTERM and kill -9, and is released when it rests."""

import json
import pathlib
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from daemon_world import BASE_S, Daemon, program  # noqa: E402  (which finds tests/cli)
import world  # noqa: E402

MODEL = "/".join((world.MODEL, "final", "mean"))
REQUESTS = 20
LEVEL = 0.01
CAMPAIGN = {f"campaign-{i:02}" for i in range(20)}


def teams(made, prefix, count):
    """Honest accounts: ten of each team, whose subjects are the same."""
    accounts = {}
    for team in range(count):
        subjects = made.random.sample(range(world.DIRECTIONS), made.random.randint(3, 7))
        for member in range(10):
            accounts[f"{prefix}{team:02}-{member}"] = [made.prompt(made.random.choice(subjects))
                                                       for _ in range(REQUESTS)]
    return accounts


def parse(answer):
    status, body = answer
    if status != 200:
        raise AssertionError(body)
    return json.loads(body)


class Fleet(program.ProgramTest):
    @classmethod
    def setUpClass(cls):
        made, folder = world.World(), program.fitted()
        cls.today = teams(made, "t", 8) | {name: made.anywhere(REQUESTS) for name in sorted(CAMPAIGN)}
        honest = teams(made, "h", 40)
        world.write_set(folder / "fleet-honest", *made.accounts(honest))
        cls.rows = list(zip(*made.accounts(cls.today)))
        crowd = {f"crowd-{i:02}": [made.prompt(i % world.DIRECTIONS) for _ in range(16)] for i in range(20)}
        cls.crowd = list(zip(*made.accounts(crowd)))
        cls.file = folder / "fleet.cms"
        done = program.run("fleet", "fit", "--atlas", folder / "atlas.cms", "--honest", folder / "fleet-honest",
                           "-o", cls.file, "--json")
        if done.returncode != 0:
            raise AssertionError(done.stderr.decode())
        said = json.loads(done.stdout)
        cls.poh_min, cls.accounts_max = said["poh_min"], said["accounts_max"]

    def setUp(self):
        super().setUp()
        self.daemon = Daemon(self.own, self.atlas)
        self.addCleanup(lambda: self.daemon.process and self.daemon.process.poll() is None and self.daemon.stop(9))

    def watch(self, more=""):
        """Switches the fleet on at the next start."""
        with self.daemon.config.open("a") as config:
            config.write(f'[fleet]\ncalibration = "{self.file}"\nupdate_s = 0.2\n{more}')

    def start_fed(self, more=""):
        """The first look has all the traffic. While it came, what a look has of it would hang on the machine."""
        self.daemon.start()
        self.feed()
        self.daemon.stop()
        self.watch(more)
        self.daemon.start()

    def feed(self, rows=None, first=1):
        lines = [row | {"time": BASE_S + row["time"], "vector": vector} for vector, row in rows or self.rows]
        for sequence, at in enumerate(range(0, len(lines), 100), first):
            status, answer = self.daemon.send(lines[at:at + 100], MODEL, sequence)
            self.assertEqual((status, answer["scored"]), (200, len(lines[at:at + 100])), str(answer)[:500])

    def campaigns(self, state="flagged"):
        return parse(self.daemon.ask("GET", f"/v1/tenants/t/campaigns?state={state}"))

    def whole(self, one):
        return parse(self.daemon.ask("GET", f"/v1/tenants/t/campaigns/{one['id']}?limit=1000"))

    def settled(self, state="flagged"):
        """The list of a look that has seen everybody and everything; a minute is waited for it."""
        shown = None  # the look that was shown when nothing waited: the one that took the last may be under way
        for _ in range(600):
            idle = self.waiting() == 0
            seen = self.campaigns(state)
            if shown is None and idle:
                shown = seen["time"]
            elif shown is not None and seen["time"] != shown and seen["filled"] and seen["campaigns"]:
                if seen["accounts"] == len(self.today):
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

    def test_a_campaign_is_flagged_while_its_requests_come(self):
        self.watch("rebuild_s = 1\n")
        self.daemon.start()
        self.feed()
        campaign, members = self.found(self.settled())
        self.assertGreater(len(members & CAMPAIGN), len(CAMPAIGN) / 2)
        for _ in range(100):
            told = [(event["campaign"]["id"], event["campaign"]["change"]) for event in self.events()]
            if (campaign["id"], "flagged") in told:
                return
            time.sleep(0.1)
        self.fail(f"{campaign['id']} is not among {told}")

    def test_members_are_limited_though_none_is_flagged_alone_and_honest_accounts_are_not(self):
        self.start_fed()
        seen = self.settled()
        self.assertLess(self.poh_min, LEVEL)
        self.assertEqual((seen["total"], seen["poh_min"], seen["level"]), (1, self.poh_min, LEVEL))
        campaign, members = self.found(seen)
        self.assertEqual(members, CAMPAIGN)
        self.assertEqual((campaign["action"], campaign["accounts"]), ("limit", len(members)))
        for name in self.today:
            account = self.daemon.account(name)
            decision = parse(self.daemon.ask("GET", f"/v1/tenants/t/accounts/{name}/decision"))
            self.assertGreater(account["poh"] or 1, LEVEL, name)  # alone nobody is flagged
            if name in CAMPAIGN:
                self.assertEqual((decision["action"], decision["why"]), ("limit", "campaign"))
                self.assertEqual(decision["campaign"]["id"], campaign["id"])
            else:
                self.assertNotEqual(decision["action"], "limit")
                self.assertIsNone(decision["campaign"])
        overview = parse(self.daemon.ask("GET", "/v1/tenants/t/overview"))
        self.assertEqual(overview["actions"]["limit"], len(CAMPAIGN))
        event, = [event for event in self.events() if event["campaign"]["change"] == "flagged"]
        self.assertEqual(event["campaign"], {"id": campaign["id"], "change": "flagged",
                                             "accounts": event["campaign"]["accounts"]})
        self.assertIn("cover", event["why"])
        self.assertNotIn("campaign-0", json.dumps(self.events()))

    def test_a_campaign_keeps_its_name_and_members_through_restarts_and_is_released_when_it_rests(self):
        self.start_fed()
        before, members = self.found(self.settled())
        for how in (signal.SIGTERM, signal.SIGKILL):
            self.daemon.stop(how)
            self.daemon.start()
            decision = parse(self.daemon.ask("GET", "/v1/tenants/t/accounts/campaign-07/decision"))  # the first one
            self.assertEqual((decision["action"], decision["campaign"]["id"]), ("limit", before["id"]))
            after, now = self.found(self.settled())
            self.assertEqual(after["id"], before["id"], how)
            self.assertEqual((now, members), (CAMPAIGN, CAMPAIGN), how)
        self.assertEqual(sum(event["campaign"]["change"] == "flagged" and event["campaign"]["id"] == before["id"]
                             for event in self.events()), 1)
        self.daemon.stop()
        with self.daemon.config.open("a") as config:
            config.write("idle_days = 0.0001\n")
        self.daemon.start()
        for _ in range(300):
            if self.campaigns("released")["campaigns"]:
                break
            time.sleep(0.1)
        self.assertEqual([one["id"] for one in self.campaigns("released")["campaigns"]], [before["id"]])
        self.assertEqual(self.campaigns()["campaigns"], [])
        decision = parse(self.daemon.ask("GET", "/v1/tenants/t/accounts/campaign-07/decision"))
        self.assertEqual((decision["action"], decision["campaign"]), ("allow", None))
        self.assertEqual(self.events()[-1]["campaign"]["change"], "released")

    def test_in_a_fleet_that_is_full_no_member_loses_its_place_before_or_after_a_restart(self):
        self.start_fed(f"accounts = {len(self.today)}\n")
        before, _ = self.found(self.settled())
        self.feed(self.crowd, 1 + len(self.rows) // 100)
        for how in (None, signal.SIGKILL):
            if how:
                self.daemon.stop(how)
                self.daemon.start()
            seen = self.settled()
            self.assertTrue(seen["capped"])
            after, members = self.found(seen)
            self.assertEqual((after["id"], members & CAMPAIGN), (before["id"], CAMPAIGN))
        told = {(event["campaign"]["id"], event["campaign"]["change"]) for event in self.events()}
        self.assertNotIn((before["id"], "released"), told)

    def test_no_more_accounts_are_seen_together_than_the_calibration_is_of_whatever_the_configuration_allows(self):
        made, beyond = world.World(), 20
        more = {f"more-{i:03}": [made.prompt(i % world.DIRECTIONS) for _ in range(16)]
                for i in range(self.accounts_max - len(self.today) + beyond)}
        self.watch()  # no `accounts`: the default is far more
        self.daemon.start()
        self.feed()
        self.feed(list(zip(*made.accounts(more))), 1 + len(self.rows) // 100)
        for _ in range(600):
            idle, seen = self.waiting() == 0, self.campaigns()
            self.assertEqual(seen["accounts_max"], self.accounts_max)
            self.assertLessEqual(seen["accounts"], self.accounts_max)
            if idle and seen["capped"]:
                break
            time.sleep(0.1)
        self.assertTrue(seen["capped"], seen)
        self.assertEqual(seen["accounts"], self.accounts_max)
        self.assertIn(f"at most {self.accounts_max} accounts are seen together", (self.own / "log").read_text())

    def test_config_check_says_what_the_calibration_does_not_allow(self):
        settings = self.daemon.config.read_text()

        def checked(more):
            self.daemon.config.write_text(f'{settings}[fleet]\ncalibration = "{self.file}"\n{more}')
            done = program.run("config", "check", self.daemon.config)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout.decode()

        text = checked("")
        self.assertRegex(text, rf"warning +fleet\.accounts.*at most {self.accounts_max} accounts are seen together")
        self.assertNotIn("fleet.level", text)
        self.assertIn("fleet.accounts", checked(f"accounts = {self.accounts_max + 1}\n"))
        self.assertNotIn("fleet.accounts", checked(f"accounts = {self.accounts_max}\n"))
        self.assertRegex(checked("level = 0.0001\n"), r"warning +fleet\.level.*nothing can be flagged")
        self.assertRegex(checked("level = 0.02\n"), r"warning +fleet\.level.*lies above \"limit\"")

    def test_an_erased_member_is_gone_from_the_campaign(self):
        self.start_fed()
        campaign, members = self.found(self.settled())
        name = sorted(members)[0]
        self.assertEqual(self.daemon.ask("DELETE", f"/v1/tenants/t/accounts/{name}", role="admin")[0], 204)
        self.assertNotIn(name, {member["account"] for member in self.whole(campaign)["members"]})
        for _ in range(100):
            if self.campaigns()["accounts"] == len(self.today) - 1:
                break
            time.sleep(0.1)
        self.assertEqual(self.campaigns()["accounts"], len(self.today) - 1)

    def test_a_calibration_that_does_not_belong_here_stops_the_start_and_config_check_says_so(self):
        self.watch()
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
