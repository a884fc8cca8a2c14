"""Solferino makes music with machine learning on an ordinary computer."""
