#!/usr/bin/env python3
"""Makes the sources that put the dashboard into the program: embed_files.py --source OUT.cpp --blob OUT.bin [FOLDER]

FOLDER holds index.html and assets/, as `npm run build` leaves it; without one the program has no files. Each file goes
into the blob as it is and, where that is smaller, gzip'd. The source refers to the blob by its absolute path, and holds
the files' hashes, so that it changes whenever one of them does. The same files give the same bytes.
"""

import argparse
import gzip
import hashlib
import pathlib
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".css": "text/css; charset=utf-8", ".txt": "text/plain; charset=utf-8", ".json": "application/json",
         ".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".ico": "image/x-icon",
         ".woff2": "font/woff2"}

HEAD = """// Made by tools/embed_files.py out of the dashboard's build.
#include "serve/static_files.hpp"

#include <array>
"""

BLOB = """
__asm__(
    ".pushsection .rodata\\n"
    ".global cms_dashboard_blob\\n"
    "cms_dashboard_blob:\\n"
    ".incbin \\"%s\\"\\n"
    ".popsection\\n");
extern "C" const char cms_dashboard_blob[%d];
"""


def listed(folder):
    """The files to embed, or what is wrong with them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in files]
    for name in names:
        parts = name.split("/")
        if name != "index.html" and not (parts[0] == "assets" and len(parts) == 2):
            raise ValueError(f"{folder / name}: only index.html and assets/* are served; put it into assets/")
        if pathlib.PurePosixPath(name).suffix not in TYPES:
            raise ValueError(f"{folder / name}: no type is known for this ending; name one in tools/embed_files.py")
        if any(c not in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/" for c in name):
            raise ValueError(f"{folder / name}: a name is letters, digits, '.', '_' and '-'")
    if names and "index.html" not in names:
        raise ValueError(f"{folder}: there is no index.html; run `npm run build` in dashboard/")
    return list(zip(names, files))


def embed(folder):
    """Rows of the table, and the blob."""
    rows, blob = [], b""
    for name, path in listed(folder) if folder else []:
        plain = path.read_bytes()
        packed = gzip.compress(plain, 9, mtime=0)
        if len(packed) >= len(plain):
            packed = b""
        tag = hashlib.sha256(plain).hexdigest()[:32]
        rows.append((name, TYPES[path.suffix], tag, len(blob), len(plain), len(blob) + len(plain), len(packed)))
        blob += plain + packed
    return rows, blob


def source_of(rows, blob, blob_path):
    text = HEAD
    if rows:
        text += BLOB % (blob_path, len(blob))
    text += "\nnamespace cms::serve {\n\nstd::span<const StaticFile> dashboard_files() {\n"
    if rows:
        text += f"  static constexpr std::array<StaticFile, {len(rows)}> kFiles{{{{\n"
        for name, kind, tag, plain, plain_bytes, packed, packed_bytes in rows:
            text += (f'      {{"{name}", "{kind}", "{tag}",\n       {{cms_dashboard_blob + {plain}, {plain_bytes}}}, '
                     f"{{cms_dashboard_blob + {packed}, {packed_bytes}}}}},\n")
        text += "  }};\n  return kFiles;\n"
    else:
        text += "  return {};\n"
    return text + "}\n\n}  // namespace cms::serve\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--blob", type=pathlib.Path, required=True)
    parser.add_argument("folder", type=pathlib.Path, nargs="?")
    args = parser.parse_args()
    try:
        rows, blob = embed(args.folder)
    except (ValueError, OSError) as error:
        sys.exit(f"embed_files.py: {error}")
    args.blob.write_bytes(blob)
    args.source.write_text(source_of(rows, blob, args.blob.resolve()), encoding="ascii")


if __name__ == "__main__":
    main()
