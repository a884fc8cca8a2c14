"""Corpora to examples."""
