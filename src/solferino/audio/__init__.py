"""Sounds and their pictures."""
