"""tools/lab/stratify: a stratified sample of prompts. Needs nothing but the repository."""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("CMS_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
SCRIPT = SOURCE / "tools" / "lab" / "stratify"

sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("stratify", str(SCRIPT))
stratify = importlib.util.module_from_spec(importlib.util.spec_from_loader("stratify", loader))
loader.exec_module(stratify)


class Quotas(unittest.TestCase):
    def test_families_give_alike_and_those_that_have_fewer_leave_the_rest_to_others(self):
        self.assertEqual(stratify.quotas({"a": 3, "b": 100, "c": 100}, 33), {"a": 3, "b": 15, "c": 15})

    def test_together_they_give_the_count_or_all_there_are(self):
        sizes = {str(n): n * n for n in range(1, 12)}
        for count in (0, 1, 7, 100, 333, 10_000):
            given = stratify.quotas(sizes, count)
            self.assertEqual(sum(given.values()), min(count, sum(sizes.values())))
            self.assertTrue(all(given[name] <= sizes[name] for name in sizes))


class Sample(unittest.TestCase):
    def test_is_no_matter_of_order_and_comes_in_the_order_of_the_file(self):
        rows = [{"kind": "distiller", "text": f"text {n}"} for n in range(50)]
        places = stratify.sample(rows, 20)
        self.assertEqual(places, sorted(set(places)))
        texts = {rows[place]["text"] for place in places}
        backwards = rows[::-1]
        self.assertEqual({backwards[place]["text"] for place in stratify.sample(backwards, 20)}, texts)

    def test_a_conversation_of_people_comes_whole_but_for_the_last_one(self):
        rows = [{"kind": "people", "text": f"turn {n}", "conversation": n // 5} for n in range(100)]
        taken = {}
        for place in stratify.sample(rows, 42):
            taken.setdefault(place // 5, []).append(place)
        self.assertEqual(sorted(len(turns) for turns in taken.values()), [2] + [5] * 8)

    def test_a_stream_that_was_exported_as_one_conversation_is_drawn_text_by_text(self):
        rows = [{"kind": "people", "text": f"turn {n}", "conversation": 1} for n in range(100)]
        self.assertNotEqual(stratify.sample(rows, 50), list(range(50)))


class Command(unittest.TestCase):
    def test_prints_its_kinds_part_of_one_sample_of_both(self):
        with tempfile.TemporaryDirectory() as folder:
            for kind, family, count in (("human", "chats", 10), ("distill", "sets", 100)):
                file = pathlib.Path(folder) / kind / f"{family}.jsonl"
                file.parent.mkdir()
                file.write_text("".join(json.dumps({"kind": kind, "text": f"{family} {n}\u2028"},
                                                   ensure_ascii=False) + "\n" for n in range(count)), encoding="utf-8")
            counts = {}
            for kind in ("human", "distill"):
                done = subprocess.run([SCRIPT, folder, "50", kind], capture_output=True, text=True, check=True)
                rows = [json.loads(line) for line in done.stdout.rstrip("\n").split("\n")]
                self.assertEqual({row["kind"] for row in rows}, {kind})
                counts[kind] = len(rows)
        self.assertEqual(counts, {"human": 10, "distill": 40})


if __name__ == "__main__":
    unittest.main(verbosity=2)
