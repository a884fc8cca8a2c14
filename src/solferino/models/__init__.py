"""Integers to probabilities; torch, and no music."""
