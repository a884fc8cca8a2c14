"""Examples to bundles; torch."""
