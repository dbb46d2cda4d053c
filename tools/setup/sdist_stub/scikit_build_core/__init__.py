"""Stands in for the build backend of the pinned source package; see build.py."""
