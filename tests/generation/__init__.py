"""Tests of solferino.generation."""
