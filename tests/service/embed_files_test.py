"""tools/embed_files.py: what it makes of a folder, compiled and read back, and what it refuses."""

import gzip
import hashlib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

MAIN = """
#include <cstdio>
#include "serve/static_files.hpp"
int main() {
  for (const auto& file : cms::serve::dashboard_files()) {
    std::printf("%s|%s|%s|%zu|%zu\\n", file.path.data(), file.type.data(), file.tag.data(), file.plain.size(),
                file.gzip.size());
    std::fwrite(file.plain.data(), 1, file.plain.size(), stdout);
    std::fwrite(file.gzip.data(), 1, file.gzip.size(), stdout);
  }
}
"""


class EmbedFilesTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cms-embed-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.dist = self.folder / "dist"
        (self.dist / "assets").mkdir(parents=True)
        self.source, self.blob = self.folder / "files.cpp", self.folder / "files.bin"

    def put(self, name, content):
        path = self.dist / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def embed(self, *folder):
        return subprocess.run([sys.executable, ROOT / "tools/embed_files.py", "--source", self.source, "--blob",
                               self.blob, *folder], capture_output=True, text=True)

    def read_back(self):
        """(path, type, tag, plain, gzip) of each file, out of a compiled program."""
        (self.folder / "main.cpp").write_text(MAIN)
        program = self.folder / "program"
        subprocess.run(["c++", "-std=c++20", "-fPIE", "-I", ROOT / "src", self.folder / "main.cpp", self.source, "-o",
                        program], check=True)
        out = subprocess.run([program], check=True, capture_output=True).stdout
        files = []
        while out:
            line, out = out.split(b"\n", 1)
            path, kind, tag, plain, packed = line.decode().split("|")
            files.append((path, kind, tag, out[:int(plain)], out[int(plain):int(plain) + int(packed)]))
            out = out[int(plain) + int(packed):]
        return files

    def test_every_file_comes_back_byte_for_byte_plain_and_packed(self):
        contents = {"index.html": b"<html>" + b" " * 500 + b"</html>", "assets/a-1.js": bytes(range(256)) * 40,
                    "assets/b-2.svg": b"", "assets/c.png": hashlib.sha512(b"noise").digest()}
        for name, content in contents.items():
            self.put(name, content)
        done = self.embed(self.dist)
        self.assertEqual(done.returncode, 0, done.stderr)
        files = self.read_back()
        self.assertEqual({path: plain for path, _, _, plain, _ in files}, contents)
        for path, kind, tag, plain, packed in files:
            self.assertEqual(tag, hashlib.sha256(plain).hexdigest()[:32])
            if packed:
                self.assertEqual(gzip.decompress(packed), plain)
                self.assertLess(len(packed), len(plain))
        self.assertEqual([path for path, _, _, _, packed in files if packed], ["assets/a-1.js", "index.html"])

    def test_the_source_changes_with_the_content_and_with_nothing_else(self):
        self.put("index.html", b"one")
        self.embed(self.dist)
        first = self.source.read_bytes(), self.blob.read_bytes()
        self.embed(self.dist)
        self.assertEqual((self.source.read_bytes(), self.blob.read_bytes()), first)
        self.put("index.html", b"two")
        self.embed(self.dist)
        self.assertNotEqual(self.source.read_bytes(), first[0])

    def test_without_a_folder_there_are_no_files(self):
        self.assertEqual(self.embed().returncode, 0)
        self.assertEqual(self.read_back(), [])

    def test_what_could_not_be_served_is_refused(self):
        for name, why in (("other.html", r"only index\.html and assets/"), ("assets/a.exe", "no type is known"),
                          ("assets/deep/a.js", "only index"), ("assets/a b.js", "a name is letters")):
            self.put("index.html", b"page")
            self.put(name, b"x")
            done = self.embed(self.dist)
            self.assertEqual(done.returncode, 1)
            self.assertTrue(re.search(why, done.stderr), done.stderr)
            (self.dist / name).unlink()
        (self.dist / "index.html").unlink()
        self.put("assets/a.js", b"x")
        self.assertIn("npm run build", self.embed(self.dist).stderr)


if __name__ == "__main__":
    unittest.main()
