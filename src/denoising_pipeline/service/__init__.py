"""Denoising as a web service: pictures by HTTP, and a page to drop one on."""
