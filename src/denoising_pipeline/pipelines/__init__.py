"""Modular pipelines: they know nothing of each other and meet in the catalog."""
