"""`prove` for other programs of this folder to import: its file has no suffix."""

import importlib.machinery
import importlib.util
import pathlib
import sys

LOADER = importlib.machinery.SourceFileLoader("prove", str(pathlib.Path(__file__).resolve().parent / "prove"))
prove = importlib.util.module_from_spec(importlib.util.spec_from_loader("prove", LOADER))
sys.modules["prove"] = prove
LOADER.exec_module(prove)
