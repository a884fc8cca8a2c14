"""PartnerSettings are checked, and each bundle gets what it can use of them."""

import pytest

from solferino.errors import BundleError, LiveError
from solferino.live.partner import PartnerSettings, Responder, responder_of
from solferino.representations.constraints import Constraints


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"min_listen_bars": -1}, "min_listen_bars is -1: give a number of bars from 0 to 127"),
        ({"response_bars": 128}, "response_bars is 128: give a number of bars from 0 to 127"),
        ({"temperature": 0.0}, r"temperature is 0: give 0.1 \(ordinary\) to 2 \(daring\)"),
        ({"chords": ()}, "no chords are named: write some, one a bar, such as 'C G Am F'"),
    ],
)
def test_manners_that_cannot_be_are_refused(settings, words):
    with pytest.raises(LiveError, match=words):
        PartnerSettings(**settings)


def test_drums_obey_no_key():
    settings = PartnerSettings(
        temperature=0.5, constraints=Constraints(pitch_classes=frozenset({0}))
    )
    melody = settings.controls_for(Responder("a", "a"))
    drums = settings.controls_for(Responder("b", "b", is_drum=True))
    assert melody.constraints.pitch_classes == {0}
    assert drums.constraints == Constraints()
    assert melody.temperature == drums.temperature == 0.5


def test_chords_go_round_by_the_bars_of_the_music():
    settings = PartnerSettings(chords=("C", "F", "G"))
    improviser = Responder("a", "a", takes_chords=True)
    assert settings.chords_for(improviser, 4, 4) == ("F", "G", "C", "F")
    assert settings.chords_for(Responder("b", "b"), 4, 4) == ()


@pytest.mark.parametrize(
    ("bundle", "is_drum", "takes_chords"),
    [
        ("attention_rnn", False, False),
        ("drum_kit", True, False),
        ("chord_pitches_improv", False, True),
    ],
)
def test_a_bundle_tells_what_it_hears(bundle, is_drum, takes_chords):
    found = responder_of(bundle)
    assert (found.name, found.is_drum, found.takes_chords) == (bundle, is_drum, takes_chords)


def test_a_bundle_that_is_not_there_is_refused():
    with pytest.raises(BundleError, match="no_such"):
        responder_of("no_such")
