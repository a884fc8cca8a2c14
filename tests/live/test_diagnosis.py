"""The doctor finds what is there, what is absent, and what nothing can be made without."""

from importlib.metadata import PackageNotFoundError

import pytest

from solferino.errors import MissingExtraError, PortError
from solferino.live import diagnosis
from solferino.live.clock import MonotonicClock
from solferino.live.diagnosis import LOOPBACK_NOTES, diagnose, loopback_ms
from tests.live.midi_systems import FakeSystem


@pytest.fixture
def quick(monkeypatch):
    """Wait only a moment for a note that does not come."""
    monkeypatch.setattr(diagnosis, "LOOPBACK_LIMIT_S", 0.01)


def found(system=FakeSystem):
    return {finding.name: finding for finding in diagnose(system, speed_s=0.0)}


def test_where_all_is_well_everything_is_told(monkeypatch):
    monkeypatch.setattr(diagnosis, "version", lambda _: "1.0")
    monkeypatch.setattr(diagnosis.shutil, "which", lambda name: f"/usr/bin/{name}")
    all_found = found(lambda: FakeSystem(["Keys"], ["Synth", "Drums"]))
    assert {finding.state for finding in all_found.values()} == {"ok"}
    assert not any(finding.remedy for finding in all_found.values())
    assert all_found["MIDI inputs"].told == "Keys"
    assert all_found["MIDI outputs"].told == "Synth; Drums"
    assert all_found["sound"].told == "TimGM6mb.sf2 plays"
    assert "attention_rnn" in all_found["bundles"].told
    assert "attention_rnn makes " in all_found["speed"].told
    assert all_found["test note"].told.startswith("out and in again in ")
    assert "cores" in all_found["computer"].told


def test_every_note_of_the_loop_comes_back_through_a_port_that_is_closed_after_it():
    system = FakeSystem(["Keys"])
    took_ms = loopback_ms(system, MonotonicClock())
    assert len(took_ms) == LOOPBACK_NOTES
    assert all(0 <= ms < 1000 for ms in took_ms)
    out_port, in_port = system.opened
    assert out_port.name == in_port.name == "solferino_out"
    assert out_port.is_closed
    assert in_port.is_closed
    kinds = [message.type for message in out_port.sent]
    assert kinds == ["note_on", "note_off"] * (1 + LOOPBACK_NOTES)


def test_windows_plays_the_test_note_to_a_port_that_leads_back():
    system = FakeSystem(
        ["Keys 0", "loopMIDI 1"], ["Synth 0", "loopMIDI 1"], has_virtual_ports=False
    )
    system.api = "winmm"
    loopback_ms(system, MonotonicClock())
    assert {port.name for port in system.opened} == {"loopMIDI"}


def test_windows_without_such_a_port_plays_to_no_synthesiser():
    system = FakeSystem(["Synth 0"], ["Synth 0"], has_virtual_ports=False)
    system.api = "winmm"
    finding = found(lambda: system)["test note"]
    told = "there is no port that leads back: install loopMIDI and make a port in it"
    assert (finding.state, finding.told) == ("absent", told)
    assert system.opened == []


def test_a_note_that_does_not_come_back_is_told_and_its_ports_are_closed(quick):
    system = FakeSystem()
    system.is_deaf = True
    with pytest.raises(PortError, match=r"did not come back within 0.01 s: start the MIDI system"):
        loopback_ms(system, MonotonicClock())
    assert all(port.is_closed for port in system.opened)
    assert system.opened[0].sent[-1].type == "note_off"
    assert found(lambda: system)["test note"].state == "absent"


def test_a_note_that_is_lost_while_the_ports_are_joined_is_sent_again():
    system = FakeSystem()
    system.num_to_lose = 3
    assert len(loopback_ms(system, MonotonicClock())) == LOOPBACK_NOTES


def test_a_note_that_is_lost_later_is_told(quick):
    system = FakeSystem()
    system.num_to_keep = 5
    with pytest.raises(PortError, match=r"did not come back"):
        loopback_ms(system, MonotonicClock())


@pytest.mark.parametrize(
    ("api", "has_virtual_ports", "state", "remedy"),
    [("alsa", True, "ok", ""), ("core", True, "ok", "IAC"), ("winmm", False, "absent", "loopMIDI")],
)
def test_where_no_ports_are_it_says_how_to_get_some(api, has_virtual_ports, state, remedy):
    system = FakeSystem(has_virtual_ports=has_virtual_ports)
    system.api = api
    all_found = found(lambda: system)
    for name in ("MIDI inputs", "MIDI outputs"):
        finding = all_found[name]
        assert (finding.state, bool(finding.remedy)) == (state, bool(remedy))
        assert remedy in finding.remedy


@pytest.mark.parametrize(
    "error",
    [
        MissingExtraError("ports need python-rtmidi: pip install 'solferino[live]'"),
        PortError("there is no MIDI: start jackd"),
    ],
)
def test_without_midi_music_can_still_be_made(error):
    def system():
        raise error

    all_found = found(system)
    assert (all_found["MIDI"].state, all_found["MIDI"].told) == ("absent", str(error))
    assert "test note" not in all_found
    assert "broken" not in {finding.state for finding in all_found.values()}


def test_optional_packages_that_are_absent_come_with_the_line_to_type(monkeypatch):
    def version(name):
        if name == "onnxruntime":
            return "1.20"
        raise PackageNotFoundError(name)

    monkeypatch.setattr(diagnosis, "version", version)
    monkeypatch.setattr(diagnosis.shutil, "which", lambda _: None)
    all_found = found()
    remedies = {name: f.remedy for name, f in all_found.items() if f.state == "absent"}
    assert remedies.pop("fluidsynth").startswith("install it, or any synthesiser")
    assert remedies == {
        "torch": "pip install 'solferino[train]'",
        "python-rtmidi": "pip install 'solferino[live]'",
        "python-osc": "pip install 'solferino[live]'",
        "textual": "pip install 'solferino[live]'",
        "aalink": "pip install 'solferino[link]'",
    }


def test_without_onnxruntime_no_music_can_be_made(monkeypatch):
    def version(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(diagnosis, "version", version)
    assert found()["onnxruntime"].state == "broken"


def test_a_damaged_bundle_is_named_and_without_any_other_nothing_can_be_made(tmp_path, monkeypatch):
    (tmp_path / "torn.solferino").write_bytes(b"PK")
    monkeypatch.setattr("solferino.bundles.catalogue.SHIPPED_FOLDER", tmp_path)
    all_found = found()
    assert all_found["bundles"].state == "broken"
    assert "not a bundle, or not all of it" in all_found["bundle torn"].told
    assert all_found["bundle torn"].told.endswith("get the bundle again")
    assert "speed" not in all_found


def test_a_bundle_that_does_not_play_is_broken(monkeypatch):
    def opening(bundle):
        raise PortError(f"{bundle.card.name} is of a kind that is not known: upgrade")

    monkeypatch.setattr("solferino.generation.opening.open_generator", opening)
    finding = found()["speed"]
    told = "attention_rnn is of a kind that is not known: upgrade"
    assert (finding.state, finding.told) == ("broken", told)


def test_without_a_soundfont_there_is_no_sound_but_music(monkeypatch, tmp_path):
    monkeypatch.setenv("SOLFERINO_SOUNDFONT", str(tmp_path / "none.sf2"))
    finding = found()["sound"]
    assert (finding.state, "none.sf2" in finding.told) == ("absent", True)


def test_a_soundfont_that_is_silent_is_told(monkeypatch):
    class Silence:
        peak = 0.0

    monkeypatch.setattr("solferino.audio.synthesis.synthesize", lambda *_, **__: Silence)
    assert found()["sound"].told == "TimGM6mb.sf2 is silent"


def test_a_computer_that_does_not_tell_its_memory_is_no_error(monkeypatch):
    monkeypatch.setattr(diagnosis.os, "sysconf", lambda _: (_ for _ in ()).throw(ValueError))
    assert found()["computer"].told.endswith(" cores")
