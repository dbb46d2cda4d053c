"""The dashboard in headless Chromium against a daemon with real traffic: dashboard_test.py [--json] [unittest words]

The traffic: activations of the shipped prompts (examples/activations), as `cms lab compose` makes accounts of them,
scored against an atlas fitted on the spot. What is looked at is in pages.mjs. With --json, goal lines alone; pictures
of every page go to $CMS_FRONT_DIR (build/front).
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "service"), str(ROOT / "tests" / "cli")]
import fleet_test  # noqa: E402
import program  # noqa: E402
from daemon_world import Daemon, read_npy  # noqa: E402

NODE = shutil.which("node")
CHROMIUM = shutil.which("chromium")
MODULES = ROOT / "dashboard" / "node_modules"
OUT = pathlib.Path(os.environ.get("CMS_FRONT_DIR", ROOT / "build" / "front"))
GOALS_ONLY = "--json" in sys.argv
HONEST = 40  # calibration accounts that are sent beside the sixteen of the demo


def missing():
    """Why this cannot run here, or nothing."""
    if not program.PROGRAM:
        return "CMS_BIN does not name the program; ctest sets it"
    if not NODE or not CHROMIUM:
        return "needs node and chromium (apt-get install nodejs npm chromium)"
    if not (MODULES / "playwright-core").is_dir():
        return "needs the packages of the dashboard (npm ci in dashboard/)"
    return None


class Set:
    """An activation set, to be sent in binary batches."""

    def __init__(self, name):
        self.rows = [json.loads(line) for line in name.with_suffix(".jsonl").read_text().splitlines()]
        content = name.with_suffix(".npy").read_bytes()
        self.vectors = content[10 + int.from_bytes(content[8:10], "little"):]
        self.row_bytes = len(self.vectors) // len(self.rows)
        manifest = json.loads(name.with_suffix(".manifest.json").read_text())
        self.dimension = manifest["dimension"]
        self.model = "/".join((manifest["model_name"], manifest["layer"], manifest["pooling"]))

    def batch(self, indices):
        header = f"{{'descr': '<f2', 'fortran_order': False, 'shape': ({len(indices)}, {self.dimension}), }}"
        header += " " * (-(len(header) + 11) % 64) + "\n"
        rows = b"".join(self.vectors[i * self.row_bytes:(i + 1) * self.row_bytes] for i in indices)
        return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + rows


def send(daemon, traffic, indices, times):
    """Rows of a set, a hundred a batch, at `times`."""
    for at in range(0, len(indices), 100):
        some = indices[at:at + 100]
        status, body = daemon.ask("POST", "/v1/tenants/t/activations", traffic.batch(some), "tap", (
            ("Content-Type", "application/x-npy"), ("Cms-Model", traffic.model),
            ("Cms-Accounts", json.dumps([traffic.rows[i]["account"] for i in some])),
            ("Cms-Times", json.dumps([round(times[i], 3) for i in some]))))
        if status != 200 or json.loads(body)["refused"]:
            raise AssertionError(body.decode())


def feed(daemon, sets):
    """Honest accounts, then the sixteen of the demo; everyone's last request is some minutes old."""
    calibrate, demo = Set(sets / "calibrate"), Set(sets / "expected")
    names = sorted({row["account"] for row in calibrate.rows})[:HONEST]
    now = time.time()
    for traffic, chosen in ((calibrate, set(names)), (demo, {row["account"] for row in demo.rows})):
        last = {}
        for row in traffic.rows:
            last[row["account"]] = max(last.get(row["account"], 0), row["time"])
        times = [now - 60 - (last[row["account"]] - row["time"]) for row in traffic.rows]
        indices = [i for i, row in enumerate(traffic.rows) if row["account"] in chosen]
        send(daemon, traffic, sorted(indices, key=lambda i: times[i]), times)
    return demo.model


def late_lines(sets):
    """Requests of an attacker under a name that is not known yet, for the test of what arrives live."""
    vectors = list(read_npy(sets / "expected.npy"))
    rows = [json.loads(line) for line in (sets / "expected.jsonl").read_text().splitlines()]
    own = [vector for row, vector in zip(rows, vectors) if row["account"] == "attacker-systematic-000"]
    return [{"account": "late/attacker 1", "vector": vector} for vector in own]


class Browsed(unittest.TestCase):
    def look(self, folder, daemon, more):
        """Runs the checks of pages.mjs against a daemon; each that fails is a failure here."""
        if b"<div id=\"app\">" not in daemon.ask("GET", "/dashboard/", role=None)[1]:
            self.skipTest("the program was built without the dashboard (npm run build in dashboard/, then cmake)")
        OUT.mkdir(parents=True, exist_ok=True)
        world = {"url": f"http://127.0.0.1:{daemon.port}", "tokens": daemon.tokens, "chromium": CHROMIUM,
                 "out": str(OUT)} | more
        (folder / "world.json").write_text(json.dumps(world))
        words = [NODE, pathlib.Path(__file__).with_name("pages.mjs"), folder / "world.json"]
        done = subprocess.run(words, stdout=subprocess.PIPE, check=False, timeout=400)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        for line in lines:
            if "what" in line:
                print(json.dumps(line))
            elif not GOALS_ONLY:
                print(f"  {'ok' if line['ok'] else 'FAILED'}  {line['check']} ({line['ms']} ms)")
            if line.get("what", "").endswith((", ms", ", s")):
                continue  # times are measured, by `prove`, and no test: machines are shared
            with self.subTest(line.get("what") or line["check"]):
                self.assertTrue(line.get("holds", line.get("ok")), line.get("error") or line)
        self.assertEqual(done.returncode, 0)
        return lines


@unittest.skipIf(missing(), missing())
class DashboardTest(Browsed):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cms-front-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        sets = self.folder / "sets"
        self.run_cms("lab", "compose", ROOT / "examples" / "activations", "-o", sets)
        self.run_cms(*program.fit_words(sets, self.folder / "atlas.cms"), "--stride", 4)
        more = '[tenants.other]\nkey_file = "t.key"\n'
        self.daemon = Daemon(self.folder, self.folder / "atlas.cms", more)
        self.daemon.policy.write_text("[policy]\n[[policy.allow]]\ntenant = \"t\"\naccount = \"nightly\"\n"
                                      "until = 2099-12-31\nat_most = \"observe\"\nwhy = \"nightly regression\"\n")
        self.daemon.start()
        self.addCleanup(self.daemon.stop, 9)
        model = feed(self.daemon, sets)
        own = program.run("token", "--role", "reader", "--tenant", "t", "--file", self.folder / "tokens")
        own = next(word for word in own.stdout.decode().split() if word.startswith("cms_"))
        self.daemon.process.send_signal(1)  # SIGHUP: the token of now is read
        self.world = {"tokens": self.daemon.tokens | {"own": own}, "model": model, "late": late_lines(sets),
                      "accounts": HONEST + 16}

    def run_cms(self, *words):
        done = program.run(*words)
        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_pages(self):
        self.assertGreater(len(self.look(self.folder, self.daemon, self.world)), 10)


@unittest.skipIf(missing(), missing())
class CampaignsTest(Browsed):
    """The fleet of tests/service/fleet_test.py: 80 honest accounts in teams, and a campaign of 20."""

    def test_pages(self):
        fleet = fleet_test.Fleet()
        fleet.setUpClass()
        self.addCleanup(fleet.doCleanups)
        fleet.setUp()
        self.addCleanup(fleet.tearDown)
        fleet.start_fed()
        campaign, members = fleet.found(fleet.settled())
        self.assertEqual(members, fleet_test.CAMPAIGN)
        lines = self.look(fleet.own, fleet.daemon, {"campaign": campaign["id"]})
        self.assertGreaterEqual(len(lines), 4)


@unittest.skipIf(missing(), missing())
class TypesTest(unittest.TestCase):
    def test_svelte_check_finds_nothing(self):
        words = ["npm", "run", "-s", "check"]
        done = subprocess.run(words, cwd=ROOT / "dashboard", stdout=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode())


if __name__ == "__main__":
    unittest.main(argv=[word for word in sys.argv if word != "--json"])
