"""People's own images: their files, and what their noise says."""
