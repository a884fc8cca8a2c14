"""``solferino doctor`` from the user's side."""

import json

import pytest

from solferino.cli.doctor import finding_line, verdict
from solferino.live import diagnosis
from solferino.live.diagnosis import Finding

WELL = Finding("sound", "ok", "TimGM6mb.sf2 plays")
ABSENT = Finding("MIDI", "absent", "there is no MIDI", "start jackd")
BROKEN = Finding("bundles", "broken", "none can be read", "install again")


@pytest.fixture
def finding(monkeypatch):
    """Let the doctor find some things."""

    def find(*findings):
        monkeypatch.setattr(diagnosis, "diagnose", lambda: iter(findings))

    return find


def test_each_finding_is_a_line_and_the_last_says_whether_music_can_be_made(solferino, finding):
    finding(WELL, ABSENT)
    done = solferino("doctor")
    assert done.status == 0
    assert done.out == (
        "  sound           TimGM6mb.sf2 plays\n"
        "! MIDI            there is no MIDI; start jackd\n"
        "\n"
        "music can be made\n"
    )


def test_where_something_essential_is_missing_the_status_is_1(solferino, finding):
    finding(BROKEN, WELL)
    done = solferino("doctor")
    assert (done.status, done.err) == (1, "")
    assert done.out.endswith("\nno music can be made: see bundles\n")


@pytest.mark.parametrize(("last", "status"), [(ABSENT, 0), (BROKEN, 1)])
def test_programs_get_json(solferino, finding, last, status):
    finding(WELL, last)
    done = solferino("doctor", "--json")
    told = json.loads(done.out)
    assert (done.status, told["can_make_music"]) == (status, status == 0)
    assert told["findings"][1] == {
        "name": last.name,
        "state": last.state,
        "told": last.told,
        "remedy": last.remedy,
    }


def test_a_long_name_keeps_its_distance():
    assert finding_line(Finding("bundle multiconditioned", "ok", "x")).endswith("conditioned x")


def test_all_that_is_broken_is_named():
    assert verdict(["onnxruntime", "bundles"]) == "no music can be made: see onnxruntime, bundles"
    assert verdict([]) == "music can be made"
