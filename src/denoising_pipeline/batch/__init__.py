"""Files and folders of people's own images: what is to be done, doing it, and what came of it."""
