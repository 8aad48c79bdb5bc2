"""Somebody's own pictures: read, judged, denoised, written back as they were."""
