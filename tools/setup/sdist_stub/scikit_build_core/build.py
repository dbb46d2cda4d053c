"""A build backend that builds nothing.

pip asks a source package's build backend for its metadata even when it only downloads the package. The real backend
would be fetched unpinned and run first. This one answers with the name and version that pins.txt already fixes, so no
foreign code runs and nothing but the source package is downloaded.
"""

import os
import pathlib


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    name, version = os.environ["CMS_SDIST_NAME"], os.environ["CMS_SDIST_VERSION"]
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    path = pathlib.Path(metadata_directory, folder)
    path.mkdir()
    (path / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    return folder


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    raise RuntimeError("this stand-in only answers for metadata: use pip download, not pip install")
