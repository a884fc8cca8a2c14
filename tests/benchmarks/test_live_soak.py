import importlib
import random
from argparse import Namespace
from pathlib import Path

import pytest
from mido import Message

from solferino.errors import PortError

SCRIPTS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        yield importlib.import_module("live_soak")


def test_random_notes_are_the_same_however_they_are_asked_for(script):
    source, cuts = script.RandomNotes(seed=1), random.Random(1)
    whole = sorted(event.quarters for event in source.between(0.0, 40.0))
    asked, start = [], 0.0
    while start < 40.0:
        end = min(start + cuts.random(), 40.0)
        asked += [event.quarters for event in source.between(start, end)]
        start = end
    assert sorted(asked) == whole
    assert len(whole) == 40 * 12


def test_an_unplugged_port_takes_nothing_and_what_it_played_falls_silent(script):
    port = script.PluggedPort()
    port.send(Message("note_on", note=60))
    assert port.sounding == {(0, 60)}
    port.unplug()
    assert port.sounding == set()
    with pytest.raises(PortError, match="unplugged"):
        port.send(Message("note_on", note=61))


def test_what_hangs_what_grows_and_what_is_late_does_not_hold(script):
    soak = script.Soak(Namespace(seed=1, bundles=[]))
    try:
        even = [(minute, 60.0, 6) for minute in range(1, 11)]
        assert all(script.verdicts(soak, even, 10).values())
        grown = [*even[:-1], (10, 64.0, 7)]
        assert list(script.verdicts(soak, grown, 10).values()) == [True, True, False, False]
        soak.ports["a"].send(Message("note_on", note=60))
        soak.count_hung()
        soak.player.lateness.add(0.002)
        assert list(script.verdicts(soak, even, 10).values()) == [False, False, True, True]
    finally:
        soak.composer.close()
