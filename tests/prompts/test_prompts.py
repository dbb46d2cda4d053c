"""What examples/prompts.jsonl promises to those who fit, calibrate and attack with it."""

import json
import subprocess
import sys
import unittest
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "examples" / "prompts.jsonl"
TOOLS = ROOT / "tools" / "prompts"
sys.path.insert(0, str(TOOLS))

from distiller import subjects, tasks  # noqa: E402
from fields import MAJORS, MINORS  # noqa: E402
from generate import KEYS, encode, rows  # noqa: E402
from people import TOO_ALIKE, alike, words_of  # noqa: E402


class Near:
    """Finds the greatest Jaccard similarity of a text to any of many others."""

    def __init__(self, texts):
        self._sets = [words_of(text) for text in texts]
        self._where = defaultdict(list)
        for at, words in enumerate(self._sets):
            for word in words:
                self._where[word].append(at)

    def best(self, text):
        """Similarity of the nearest text."""
        words = words_of(text)
        shared = Counter(at for word in words for at in self._where.get(word, ()))
        return max((both / (len(words) + len(self._sets[at]) - both) for at, both in shared.items()), default=0.0)


class ThePromptFile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = [json.loads(line) for line in FILE.read_text(encoding="ascii").splitlines()]
        cls.people = [row for row in cls.rows if row["kind"] == "people"]
        cls.distiller = [row for row in cls.rows if row["kind"] == "distiller"]

    def test_is_what_the_generators_write(self):
        self.assertEqual(encode(rows()), FILE.read_bytes())

    def test_does_not_depend_on_the_hash_seed_of_the_process(self):
        for seed in ("1", "2"):
            run = subprocess.run([sys.executable, TOOLS / "generate.py", "--check"], capture_output=True, text=True,
                                 env={"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}, check=False)
            self.assertEqual(run.returncode, 0, run.stderr)

    def test_check_fails_where_the_file_differs(self):
        run = subprocess.run([sys.executable, TOOLS / "generate.py", "--check", "--out", "/dev/null"],
                             capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn("differs", run.stderr)

    def test_is_ascii_with_the_documented_keys_and_running_ids(self):
        for number, row in enumerate(self.rows, 1):
            self.assertEqual(tuple(row), KEYS)
            self.assertEqual(row["id"], f"p{number:05d}")
            self.assertTrue(row["text"].isascii())
            self.assertNotRegex(row["text"], r"[{}|~\n]|  ")

    def test_holds_no_text_twice_whatever_its_case_or_spacing(self):
        texts = Counter(" ".join(row["text"].lower().split()) for row in self.rows)
        self.assertEqual([text for text, count in texts.items() if count > 1], [])

    def test_keeps_every_text_within_3_to_24_words_and_144_characters(self):
        for row in self.rows:
            self.assertTrue(3 <= len(row["text"].split()) <= 24 and len(row["text"]) <= 144, row["text"])

    def test_spans_short_and_long_messages(self):
        lengths = sorted(len(row["text"].split()) for row in self.people)
        self.assertLessEqual(lengths[len(lengths) // 20], 5)
        self.assertGreaterEqual(lengths[len(lengths) * 19 // 20], 17)

    def test_has_over_forty_fields_of_people_twelve_of_them_with_300_rows(self):
        count = Counter(row["field"] for row in self.people)
        self.assertGreaterEqual(len(count), 42)
        self.assertEqual(sum(rows_of >= 330 for rows_of in count.values()), 12)
        self.assertGreaterEqual(min(count.values()), 25)
        self.assertTrue(4700 <= len(self.people) <= 5200)

    def test_gives_each_major_field_its_share_of_every_split(self):
        for field in MAJORS:
            count = Counter(row["split"] for row in self.people if row["field"] == field.name)
            self.assertEqual((count["fit"], count["calibrate"], count["demo"]), (90, 130, 110), field.name)

    def test_gives_distillers_300_rows_to_fit_and_900_to_attack_with(self):
        count = Counter(row["split"] for row in self.distiller)
        self.assertEqual(count, {"fit": 300, "demo": 900})
        self.assertGreaterEqual(len({row["field"] for row in self.distiller}), 40)
        self.assertEqual({row["conversation"] for row in self.distiller}, {None})

    def test_keeps_a_conversation_in_one_split_and_one_field_with_turns_in_order(self):
        talks = defaultdict(list)
        for row in self.people:
            talks[row["conversation"]].append(row)
        for name, talk in talks.items():
            self.assertEqual(len({(row["split"], row["field"]) for row in talk}), 1, name)
            self.assertEqual([row["turn"] for row in talk], list(range(len(talk))), name)
            self.assertLessEqual(len(talk), 12)
        lengths = Counter(map(len, talks.values()))
        self.assertTrue(all(lengths[turns] for turns in range(1, 13)))

    def test_shows_the_demo_almost_nothing_that_fit_or_calibrate_said_nearly_so(self):
        near = Near([row["text"] for row in self.people if row["split"] != "demo"])
        best = [near.best(row["text"]) for row in self.people if row["split"] == "demo"]
        for threshold, bound in ((TOO_ALIKE, .005), (.6, .02)):
            share = sum(nearest > threshold for nearest in best) / len(best)
            self.assertLessEqual(share, bound, f"Jaccard above {threshold}")

    def test_repeats_little_within_one_split_of_one_field(self):
        groups = defaultdict(list)
        for row in self.people:
            groups[row["field"], row["split"]].append(words_of(row["text"]))
        repeats = sum(any(alike(said, before) > TOO_ALIKE for before in group[:at])
                      for group in groups.values() for at, said in enumerate(group))
        self.assertLessEqual(repeats / len(self.people), .01)


class TheSources(unittest.TestCase):
    def test_give_each_major_field_sixty_openings_over_twenty_five_intents(self):
        for field in MAJORS:
            self.assertGreaterEqual(len({opening.frame for opening in field.openings}), 60, field.name)
            self.assertGreaterEqual(len(field.intents()), 25, field.name)

    def test_name_thirty_minor_fields(self):
        self.assertGreaterEqual(len({field.name for field in MINORS}), 30)

    def test_cross_150_task_types_with_300_subjects(self):
        self.assertGreaterEqual(len(set(tasks())), 150)
        self.assertGreaterEqual(len({subject for values in subjects().values() for subject in values}), 300)

    def test_stay_short_enough_to_read(self):
        for path in sorted(TOOLS.rglob("*.py")):
            written = path.read_text(encoding="ascii").splitlines()
            self.assertLess(len(written), 500, path)
            self.assertLessEqual(max(map(len, written), default=0), 120, path)


if __name__ == "__main__":
    unittest.main()
