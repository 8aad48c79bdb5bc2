"""What an image is here: arrays and collections, files, splits, patches and tiles."""
