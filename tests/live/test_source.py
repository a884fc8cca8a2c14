"""A source can play earlier or later."""

import pytest

from solferino.live.source import OffsetSource
from solferino.live.transport import Transport
from tests.live.fakes import ListSource, Stage, note


@pytest.mark.parametrize(("offset_s", "moments"), [(0.1, [100.1, 101.1]), (-0.1, [100.9, 101.9])])
def test_what_a_source_plays_comes_so_much_later_or_earlier(offset_s, moments):
    stage = Stage()
    onsets = [2.0, 4.0] if offset_s < 0 else [0.0, 2.0]
    source = ListSource([note(onset, duration_quarters=0.5) for onset in onsets])
    stage.player.add(OffsetSource(source, stage.transport, offset_s))
    stage.transport.start(100.0)
    stage.run_until(103)
    onsets = [t for t, m in stage.port.sent if m.type == "note_on"]
    assert onsets == pytest.approx(moments)


def test_the_source_sees_stretches_without_gaps_through_a_change_of_tempo():
    source = ListSource([])
    transport = Transport(120.0)
    offset = OffsetSource(source, transport, -0.1)
    list(offset.between(0.0, 1.0))
    transport.set_tempo(60.0, 0.0)
    list(offset.between(1.0, 1.05))
    list(offset.between(1.05, 2.0))
    borders = [border for window in source.windows for border in window]
    assert borders == pytest.approx([0.2, 1.2, 1.2, 2.1])
    offset.interrupted()
    assert source.interruptions == 1
    list(offset.between(5.0, 6.0))
    assert source.windows[-1] == pytest.approx((5.1, 6.1))
