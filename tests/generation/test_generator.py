import math

import pytest

from solferino.errors import GenerationError
from solferino.generation.generator import EventControls, Section


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(-1, 2), (2, 2), (3, 2), (0, math.inf), (math.nan, 1)]
)
def test_a_section_needs_a_length(start_s, end_s):
    with pytest.raises(GenerationError, match=f"from {start_s} s to {end_s} s: start at 0 s"):
        Section(start_s, end_s)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("temperature", -0.1, "0 or more"),
        ("temperature", math.nan, "0 or more"),
        ("temperature", math.inf, "0 or more"),
        ("top_k", -1, "0 .all. or more"),
        ("top_p", 0, "above 0 and at most 1"),
        ("top_p", 1.1, "above 0 and at most 1"),
        ("beam_size", 0, "1 or more"),
        ("branch_factor", 0, "1 or more"),
        ("steps_per_iteration", 0, "1 or more"),
    ],
)
def test_a_control_out_of_range_is_named(name, value, rule):
    with pytest.raises(GenerationError, match=f"{name} is {value}: it must be {rule}"):
        EventControls(**{name: value})
