"""``solferino live`` from the musician's side."""

import re
import signal
import threading
from pathlib import Path

import pytest
import typer
from mido import Message

import solferino as sf
from solferino.cli import live_performance, live_status
from solferino.cli.app import app
from solferino.cli.live_performance import ENTER, learn_from
from solferino.live import certificate, composing, ports
from solferino.live.certificate import Certificate, Composing
from solferino.live.controls import CONTROLS, Assignment, Learning
from solferino.live.lateness import Lateness
from solferino.live.partner import PartnerSettings, State
from solferino.live.session import Status
from solferino.live.session_plan import PartnerPlan, SessionPlan
from solferino.live.transport import Meter
from tests.live.composers import QuarterNotes
from tests.live.midi_systems import FakeSystem


@pytest.fixture
def plan(monkeypatch, solferino):
    """Give the plan that a command line leads to, instead of playing it."""

    def run(*arguments):
        plans = []
        monkeypatch.setattr(
            live_performance, "perform", lambda plan, clock, sends_clock: plans.append(plan)
        )
        done = solferino("live", *arguments)
        assert done.status == 0, done.err
        return plans[0]

    return run


@pytest.fixture
def system(monkeypatch):
    """A MIDI system without ports, and a composer that is quick."""
    found = FakeSystem(inputs=["Keys"], outputs=["Synth"])
    monkeypatch.setattr(ports, "midi_system", lambda: found)
    monkeypatch.setattr(composing, "ProcessComposer", lambda bundles, num_workers: QuarterNotes())
    return found


@pytest.fixture
def shown(monkeypatch):
    """Let a function take the place of the musician, who sees the session."""

    def show(musician):
        monkeypatch.setattr(live_performance, "show", musician)

    return show


def test_without_options_attention_rnn_answers_on_ports_of_its_own(plan):
    assert plan() == SessionPlan(partners=(PartnerPlan(("attention_rnn",)),))


def test_options_say_how_it_listens_and_answers(plan):
    found = plan(
        *("--bundle", "attention_rnn,lookback_rnn", "--bundle", "drum_kit"),
        *("--qpm", 90, "--meter", "7/8", "--min-listen-bars", 2, "--max-listen-bars", 8),
        *("--response-bars", 4, "--temperature", 0.7, "--loop", "--mutate", "--allow-overlap"),
        *("--key", "D major", "--pitch-range", 50, 80, "--backing-chords", "C G7", "--mono"),
        *("--seed", 3, "--save", "x.mid", "--no-metronome", "--metronome-channel", 2),
    )
    assert found.partners == (PartnerPlan(("attention_rnn", "lookback_rnn", "drum_kit")),)
    assert (found.qpm, found.meter, found.seed, found.path) == (90, Meter(7, 8), 3, Path("x.mid"))
    assert (found.has_metronome, found.metronome_channel, found.is_mono) == (False, 2, True)
    constraints = found.settings.constraints
    assert constraints.pitch_classes == {2, 4, 6, 7, 9, 11, 1}
    assert (constraints.min_pitch, constraints.max_pitch) == (50, 80)
    assert found.settings == PartnerSettings(
        2, 8, 4, 0.7, is_looping=True, is_mutating=True, allows_overlap=True,
        constraints=constraints, chords=("C", "G7"),
    )  # fmt: skip


def test_options_say_where_messages_come_from_and_go(plan):
    found = plan(
        *("--input-ports", "Keys, Pads", "--input-ports", "Organ", "--output-ports", "Synth"),
        *("--channel", 1, "--channel", 16, "--playback-channel", 5, "--playback-offset", -0.02),
        *("--no-passthrough", "--passthrough-channel", 3),
    )
    assert found.input_ports == ("Keys", "Pads", "Organ")
    assert found.output_ports == ("Synth",)
    assert found.partners == (PartnerPlan(("attention_rnn",), frozenset({1, 16}), 5),)
    assert (found.playback_offset_s, found.passes_through) == (-0.02, False)
    assert found.passthrough_channel == 3


def test_names_of_magenta_are_understood(plan):
    found = plan(
        *("--bundle_files", "lookback_rnn", "--noenable_metronome", "--nopassthrough"),
        *("--min_listen_ticks_control_number", 1, "--response_ticks_control_number", 2),
        *("--generator_select_control_number", 3, "--end_call_control_number", 4),
        *("--max_listen_ticks_control_number", 5, "--state_control_number", 6),
    )
    assert found.partners[0].bundles == ("lookback_rnn",)
    assert not found.has_metronome
    assert not found.passes_through
    assert found.controls.numbers == {
        "end_call": 4, "min_listen_bars": 1, "max_listen_bars": 5, "response_bars": 2,
        "select": 3, "state": 6,
    }  # fmt: skip


def test_each_partner_has_channels_and_bundles(plan):
    found = plan("--partner", "1=attention_rnn,lookback_rnn", "--partner", "10:11=drum_kit")
    assert found.partners == (
        PartnerPlan(("attention_rnn", "lookback_rnn"), frozenset({1}), None),
        PartnerPlan(("drum_kit",), frozenset({10}), 11),
    )


def test_numbers_that_are_typed_go_before_those_of_the_file(plan, tmp_path):
    path = tmp_path / "my.toml"
    path.write_text("tempo = 7\nloop = 8\n")
    found = plan("--controls", path, "--tempo-control-number", 20)
    assert found.controls == Assignment({"tempo": 20, "loop": 8})


def test_another_clock_starts_the_music(plan):
    assert not plan("--clock", "midi").starts
    assert not plan("--clock-control-number", 42).starts
    assert plan("--clock", "link").starts


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--meter", "waltz"), "'waltz' is no meter; write 4/4 or 7/8"),
        (("--partner", "attention_rnn"), "'attention_rnn' is no partner; write channel and bundle"),
        (("--partner", "17=attention_rnn"), "channels are counted from 1 to 16"),
        (
            ("--partner", "1=attention_rnn", "--bundle", "drum_kit"),
            "leave out --bundle, --channel and --playback-channel",
        ),
        (("--backing-chords", "H"), "chord 'H' begins with no root"),
        (("--backing-chords", ""), "'' names no chord; write symbols, such as 'C G Am F'"),
        (("--key", "H major"), "H"),
        (("--channel", 0), "greater than or equal to 1"),
    ],
)
def test_wrong_words_are_told_in_one_line(fails, arguments, words):
    assert words in fails(2, "live", *arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--qpm", 0), "no tempo is 0.0 quarter notes a minute"),
        (("--meter", "5/3"), "no meter is 5/3"),
        (("--temperature", 3), "temperature is 3: give 0.1 (ordinary) to 2 (daring)"),
        (("--tempo-control-number", 200), "tempo has control number 200: give 0 to 127"),
        (("--bundle", "no_such"), "no_such"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(fails, system, arguments, words):
    assert words in fails(1, "live", *arguments)


def test_a_place_that_cannot_be_written_to_is_refused_before_anything_is_played(
    fails, system, tmp_path
):
    assert "is a folder: name a file in it" in fails(1, "live", "--save", tmp_path)
    assert "x.xyz" in fails(1, "live", "--save", tmp_path / "x.xyz")
    (tmp_path / "file").touch()
    assert "file" in fails(1, "live", "--save", tmp_path / "file" / "x.mid")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert system.opened == []


def test_where_there_is_no_midi_it_says_what_to_do(fails, monkeypatch):
    def nothing():
        raise sf.errors.PortError("there is no MIDI on this computer: start jackd")

    monkeypatch.setattr(ports, "midi_system", nothing)
    assert "there is no MIDI on this computer: start jackd" in fails(1, "live")
    assert "there is no MIDI on this computer: start jackd" in fails(1, "live", "--list")


def test_ports_are_listed(solferino, system):
    assert solferino("live", "--list").out == "input   Keys\noutput   Synth\n"
    system.inputs, system.outputs = [], []
    out = solferino("live", "--list-ports").out
    assert out == "input   none; see solferino doctor\noutput   none; see solferino doctor\n"


def play_a_note(session, synth):
    """Play one quarter note, and wait for the answer."""
    answered = threading.Event()
    synth.on_send = lambda message: message.type == "note_on" and answered.set()
    for kind in ("note_on", "note_off"):
        session.receive(Message(kind, note=60), session.clock.now_s(), "0")
    assert answered.wait(10)


def test_a_session_is_played_told_and_saved(solferino, system, shown, tmp_path):
    sessions = []

    def musician(session, has_ended):
        sessions.append(session)
        assert not has_ended()
        play_a_note(session, next(port for port in system.opened if port.name == "Synth"))
        signal.raise_signal(signal.SIGTERM)
        assert has_ended()

    shown(musician)
    path = tmp_path / "session.mid"
    done = solferino(
        *("live", "--qpm", 1000, "--no-passthrough", "--no-metronome", "--send-clock"),
        *("--input-ports", "Keys", "--output-ports", "Synth", "--save", path),
    )
    assert done.status == 0, done.err
    first, last, saved = done.out.splitlines()
    assert first == "attention_rnn listens to Keys and plays to Synth; Ctrl-C ends"
    assert last.startswith("1 notes in, 1 answers, 0 missed; ")
    assert saved == str(path)
    assert sf.load(path).notes["pitch"][:2].tolist() == [60, 72]
    assert all(port.is_closed for port in system.opened)
    sent = next(port for port in system.opened if port.name == "Synth").sent
    kinds = [message.type for message in sent]
    assert {"start", "clock", "note_on", "stop"} <= set(kinds)
    assert kinds.count("note_on") == kinds.count("note_off")
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_after_a_crash_no_note_sounds(solferino, system, shown):
    def musician(session, _):
        for channel in (0, 7, 15):
            note = Message("note_on", channel=channel, note=60 + channel)
            session.receive(note, session.clock.now_s(), "0")
        raise ZeroDivisionError

    shown(musician)
    with pytest.raises(ZeroDivisionError):
        solferino("live", "--no-metronome", "--input-ports", "Keys", "--output-ports", "Synth")
    sent = next(port for port in system.opened if port.name == "Synth").sent
    ended = [(m.channel, m.note) for m in sent if m.type == "note_off"]
    assert ended == [(0, 60), (7, 67), (15, 75)]


def test_midi_clock_leads_if_it_is_asked_for(solferino, system, shown):
    def musician(session, _):
        assert not session.transport.line.is_running
        session.receive(Message("start"), 1.0, "0")
        session.receive(Message("clock"), 1.0, "0")
        assert session.transport.line.is_running

    shown(musician)
    done = solferino("live", "--clock", "midi", "--input-ports", "Keys", "--output-ports", "Synth")
    assert done.status == 0, done.err


def test_the_certificate_decides_the_status(solferino, monkeypatch):
    asked = []

    def certify(seconds, bundles):
        asked.append((seconds, bundles))
        return Certificate(seconds, tuple(bundles), (), Composing())

    monkeypatch.setattr(certificate, "certify", certify)
    monkeypatch.setattr(certificate, "report_lines", lambda found: ["punctual"])
    done = solferino("live", "--certify", "--seconds", 2, "--bundle", "drum_kit")
    assert (done.status, done.out) == (0, "punctual\n")
    monkeypatch.setattr(Certificate, "is_passed", False)
    assert solferino("live", "--certify").status == 1
    assert asked == [(2.0, ("drum_kit",)), (10.0, certificate.CERTIFIED_BUNDLES)]


def status(**changes):
    lateness = Lateness()
    lateness.add(0.001)
    told = {
        "bar": 5, "beat": 3, "is_running": True, "qpm": 120.0,
        "states": (("attention_rnn", State.LISTENING), ("drum_kit", State.IDLE)),
        "notes_in": 7, "answers": 2, "misses": 1, "lateness": lateness.report(), "trouble": "",
    }  # fmt: skip
    return Status(**{**told, **changes})


def test_the_status_is_one_line():
    assert live_status.status_line(status()) == (
        "   5.3  attention_rnn listening | drum_kit idle  120.0 qpm  7 notes in  "
        "2 answers, 1 missed  late 1.00 ms, p99 1.00 ms"
    )
    assert live_status.status_line(status(is_running=False)).startswith("  waits  attention_rnn")
    assert live_status.status_line(status(trouble="Keys is gone")).endswith("ms  ! Keys is gone")


class ToldSession:
    """A session whose status is given."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.num_looked = 0

    def save_if_asked(self):
        self.num_looked += 1

    def status(self):
        return self.statuses.pop(0)


def test_elsewhere_than_on_a_terminal_a_line_is_printed_only_for_news(capsys):
    session = ToldSession(
        status(beat=1),
        status(beat=2, qpm=121.0),
        status(beat=3, misses=2),
        status(beat=4, misses=2, notes_in=9),
        status(beat=4, misses=2, qpm=90.0),
        status(beat=5, misses=2, qpm=90.0, trouble="Keys is gone"),
    )
    live_status.show(session, lambda: not session.statuses)
    places = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert places == ["5.1", "5.3", "5.4", "5.5"]
    assert session.num_looked == 6


def test_on_a_terminal_one_line_is_kept(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "140")
    session = ToldSession(status(), status(beat=4))
    live_status.show(session, lambda: not session.statuses)
    assert "5.4  attention_rnn listening" in capsys.readouterr().out


def test_controls_are_learnt_one_after_the_other(capsys):
    heard = iter(
        [
            Message("control_change", control=7, value=1),
            Message("control_change", control=7, value=2),
            ENTER,
            Message("control_change", control=80, value=127),
        ]
    )
    learning = Learning(("tempo", "loop", "save"))
    learn_from(learning, lambda: next(heard))
    assert learning.learnt == Assignment({"tempo": 7, "save": 80})
    assert "tempo: 60 quarter notes a minute and the value. Move its control" in (
        capsys.readouterr().out
    )


def test_what_is_learnt_is_written_and_taken(plan, system, tmp_path, monkeypatch):
    path = tmp_path / "mine.toml"

    def turn_knobs(learning, heard):
        port = system.opened[-1]
        assert port.name == "Keys"
        port.receive(Message("control_change", control=12, value=1), 0.0)
        learning.hear(heard())

    monkeypatch.setattr(live_performance, "learn_from", turn_knobs)
    monkeypatch.setattr("sys.stdin", None)
    found = plan("--learn-controls", "--controls", path, "--input-ports", "Keys")
    assert found.controls == Assignment({"clock": 12})
    assert path.read_text().startswith("clock = 12")


PAGE = Path(__file__).parents[2] / "docs" / "live.md"


def test_every_option_of_the_page_is_one(solferino):
    command = typer.main.get_command(app)
    known = {name for param in command.commands["live"].params for name in param.opts}
    known |= {name for param in command.commands["live"].params for name in param.secondary_opts}
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE.read_text()))
    assert told <= known, told - known
    assert len(told) > 25


def test_the_page_tells_of_every_control():
    rows = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == list(CONTROLS)


def test_the_python_of_the_page_plays(system, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    monkeypatch.setattr(composing, "ProcessComposer", lambda bundles: QuarterNotes())
    session_of_the_page = {"__name__": "page"}
    exec(code, session_of_the_page)  # noqa: S102
    monkeypatch.setitem(session_of_the_page, "input", lambda words: None)
    assert session_of_the_page["main"]().tempos["qpm"].tolist() == [100]
    assert all(port.is_closed for port in system.opened)
