"""Tests of solferino.bundles."""
