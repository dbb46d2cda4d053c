"""cms events export: changes of action become OCSF findings, the rest is passed over, damage is named by its line."""

import itertools
import json
import pathlib
import subprocess
import sys

from program import ProgramTest, parse, run

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "front"))
import peers  # noqa: E402

ACTIONS = ("allow", "observe", "price", "limit", "review")
VALIDATOR = """
import sys
from py_ocsf_models.events.findings.detection_finding import DetectionFinding
for line in sys.stdin:
    try:
        DetectionFinding.model_validate_json(line)
        print("valid")
    except ValueError as error:
        print(repr(str(error)))
"""

EVENT = {"id": "01HF7YAT7T0000000000000007", "time": 1700000000.25, "kind": "action_changed", "tenant": "acme",
         "account": "0123456789abcdef", "poh": 0.004, "before": "allow", "action": "limit",
         "reasons": [{"channel": "breadth", "share": 1}], "requests": 212, "atlas": "0123456789ab", "why": None}


class Events(ProgramTest):
    def log(self, *events):
        path = self.own / "events.ndjson"
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
        return path

    def test_each_change_of_action_is_one_finding(self):
        closed = EVENT | {"id": "01HF7YAT7T0000000000000008", "before": "limit", "action": "allow"}
        done = run("events", "export", "--ocsf", self.log(EVENT, EVENT | {"kind": "store_failed"}, closed))
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        first, last = [parse(line) for line in done.stdout.splitlines()]
        self.assertEqual((first["class_uid"], first["type_uid"], first["severity_id"]), (2004, 200401, 3))
        self.assertEqual((last["type_uid"], last["severity_id"]), (200403, 1))
        self.assertEqual(first["finding_info"]["uid"], last["finding_info"]["uid"])
        self.assertEqual(first["metadata"]["uid"], EVENT["id"])

    def test_a_library_that_knows_the_schema_finds_every_finding_valid(self):
        folder = peers.installed("ocsf", ("py-ocsf-models==0.10.0",))
        if not folder:
            self.skipTest("py-ocsf-models could not be installed")
        changes = [EVENT | {"before": before, "action": action, "name": name}
                   for before, action, name in itertools.product((None, *ACTIONS), ACTIONS, ("anna", None))]
        campaigns = [EVENT | {"kind": "campaign", "account": None, "before": "allow", "action": "allow",
                              "campaign": {"id": "0123456789abcdef", "change": change, "accounts": 31}}
                     for change in ("flagged", "grown", "released")]
        events = [{key: value for key, value in event.items() if key != "name" or value}
                  for event in changes + campaigns]
        done = run("events", "export", "--ocsf", self.log(*events))
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        findings = done.stdout.decode().splitlines()
        self.assertEqual(len(findings), len(events))
        broken = json.dumps({key: value for key, value in parse(findings[0]).items() if key != "finding_info"})
        said = subprocess.run([folder / "bin" / "python", "-c", VALIDATOR], input="\n".join([*findings, broken]),
                              capture_output=True, text=True, check=True).stdout.splitlines()
        self.assertEqual(said[:-1], ["valid"] * len(findings))
        self.assertIn("finding_info", said[-1])

    def test_a_wrong_line_is_named(self):
        done = run("events", "export", "--ocsf", self.log(EVENT, EVENT | {"action": "block"}))
        self.assertEqual(done.returncode, 3)
        self.assertIn("line 2", done.stderr.decode())

    def test_a_file_that_is_not_there_and_missing_words(self):
        self.assertEqual(run("events", "export", "--ocsf", self.own / "none").returncode, 3)
        self.assertEqual(run("events", "export", self.log(EVENT)).returncode, 2)
        self.assertEqual(run("events").returncode, 2)
