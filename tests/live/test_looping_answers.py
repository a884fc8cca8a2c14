"""Answers that loop, and answers made out of the answer before."""

from solferino.live.partner import PartnerSettings, State
from solferino.live.phrases import Phrase
from tests.live.composers import HandComposer, QuarterNotes
from tests.live.rehearsal import Rehearsal

TUNE = ((0.0, 60, 0.9), (1.0, 62, 0.9), (2.0, 64, 0.9), (3.0, 65, 0.9))


def test_a_loop_repeats_the_answer_until_something_is_played():
    rehearsal = Rehearsal(QuarterNotes(72), PartnerSettings(is_looping=True))
    rehearsal.play(*TUNE)
    rehearsal.run_until(17.5)
    assert [onset for onset, _ in rehearsal.heard()] == list(range(8, 18))
    rehearsal.play((17.5, 60, 0.5))
    rehearsal.run_until(20)
    assert len(rehearsal.heard()) == 10
    assert rehearsal.partner.state is State.LISTENING
    assert rehearsal.stage.port.hung() == set()


def test_a_mutating_loop_makes_each_repetition_out_of_the_one_before():
    composer = QuarterNotes(72)
    rehearsal = Rehearsal(composer, PartnerSettings(is_looping=True, is_mutating=True))
    rehearsal.play(*TUNE)
    rehearsal.run_until(9)
    composer.pitch = 80
    rehearsal.run_until(15.9)
    assert rehearsal.heard()[4:] == [(12, 80), (13, 81), (14, 82), (15, 83)]
    assert composer.orders[1].past.notes["pitch"].tolist() == [72, 73, 74, 75]


def test_a_mutating_loop_ends_too_when_something_is_played():
    rehearsal = Rehearsal(QuarterNotes(72), PartnerSettings(is_looping=True, is_mutating=True))
    rehearsal.play(*TUNE)
    rehearsal.run_until(17.5)
    rehearsal.play((17.5, 60, 0.5))
    rehearsal.run_until(20)
    assert len(rehearsal.heard()) == 10
    assert rehearsal.partner.state is State.LISTENING


def test_a_mutating_loop_repeats_what_it_has_while_the_next_is_not_ready():
    rehearsal = Rehearsal(HandComposer(), PartnerSettings(is_looping=True, is_mutating=True))
    rehearsal.play(*TUNE)
    rehearsal.run_until(5.2)
    rehearsal.composer.finish_quarters(72)
    rehearsal.run_until(13)
    assert rehearsal.heard()[4] == (12, 72)
    assert rehearsal.partner.tally.misses == 1
    rehearsal.composer.finish_quarters(80)
    rehearsal.run_until(17)
    assert rehearsal.heard()[8] == (16, 80)


def test_a_mutation_that_takes_longer_than_a_bar_comes_with_a_later_repetition():
    settings = PartnerSettings(is_looping=True, is_mutating=True, response_bars=2)
    rehearsal = Rehearsal(HandComposer(), settings)
    rehearsal.play(*TUNE)
    rehearsal.run_until(5.2)
    rehearsal.composer.finish_quarters(72)
    rehearsal.run_until(17)  # ordered at 8, for 16
    assert len(rehearsal.composer.orders) == 2
    rehearsal.run_until(21)
    assert len(rehearsal.composer.orders) == 2
    rehearsal.composer.finish_quarters(90)
    rehearsal.run_until(24.5)
    assert rehearsal.heard()[8] == (16, 72)
    assert rehearsal.heard()[16] == (24, 90)
    rehearsal.run_until(25)
    assert len(rehearsal.composer.orders) == 3  # as long ahead as the last one took


def test_a_mutation_without_notes_leaves_the_loop_as_it_is():
    rehearsal = Rehearsal(HandComposer(), PartnerSettings(is_looping=True, is_mutating=True))
    rehearsal.play(*TUNE)
    rehearsal.run_until(5.2)
    rehearsal.composer.finish_quarters(72)
    rehearsal.run_until(9)
    rehearsal.composer.futures[1].set_result(Phrase(4.0))
    rehearsal.run_until(13)
    assert rehearsal.heard()[4] == (12, 72)


def test_the_last_answer_can_be_mutated_on_demand():
    composer = QuarterNotes(72)
    rehearsal = Rehearsal(composer)
    rehearsal.play(*TUNE)
    rehearsal.run_until(18)
    assert len(rehearsal.heard()) == 4
    composer.pitch = 80
    rehearsal.partner.mutate()
    rehearsal.run_until(23.9)
    assert rehearsal.heard()[4:] == [(20, 80), (21, 81), (22, 82), (23, 83)]
    rehearsal.run_until(30)
    assert len(rehearsal.heard()) == 8


def test_without_an_answer_nothing_is_mutated():
    rehearsal = Rehearsal(QuarterNotes())
    rehearsal.partner.mutate()
    rehearsal.run_until(9)
    assert rehearsal.composer.orders == []
