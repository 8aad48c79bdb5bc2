"""People's own images: their files, what is known of their noise, and their denoising."""
