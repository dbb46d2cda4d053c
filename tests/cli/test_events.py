"""cms events export: changes of action become OCSF findings, the rest is passed over, damage is named by its line."""

import json

from program import ProgramTest, parse, run

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

    def test_a_wrong_line_is_named(self):
        done = run("events", "export", "--ocsf", self.log(EVENT, EVENT | {"action": "block"}))
        self.assertEqual(done.returncode, 3)
        self.assertIn("line 2", done.stderr.decode())

    def test_a_file_that_is_not_there_and_missing_words(self):
        self.assertEqual(run("events", "export", "--ocsf", self.own / "none").returncode, 3)
        self.assertEqual(run("events", "export", self.log(EVENT)).returncode, 2)
        self.assertEqual(run("events").returncode, 2)
