import pytest

from solferino.bundles import catalogue
from solferino.bundles.catalogue import bundle_names, find_bundle
from solferino.errors import BundleError


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    folder = tmp_path / "shipped"
    folder.mkdir()
    for name in ("lookback_rnn", "attention_rnn"):
        (folder / f"{name}.solferino").touch()
    monkeypatch.setattr(catalogue, "SHIPPED_FOLDER", folder)
    monkeypatch.chdir(tmp_path)
    return folder


def test_names_are_sorted(shipped):
    assert bundle_names() == ("attention_rnn", "lookback_rnn")


def test_a_name_is_found(shipped):
    assert find_bundle("lookback_rnn") == shipped / "lookback_rnn.solferino"


def test_a_path_is_found(shipped, tmp_path):
    mine = tmp_path / "mine.solferino"
    mine.touch()
    assert find_bundle(mine) == mine
    assert find_bundle("mine.solferino").resolve() == mine.resolve()


def test_a_misspelt_name_tells_the_nearest(shipped):
    with pytest.raises(
        BundleError, match=r"no bundle is named 'atention': did you mean 'attention_rnn'"
    ):
        find_bundle("atention")


def test_a_strange_name_tells_all(shipped):
    with pytest.raises(
        BundleError, match="there are attention_rnn, lookback_rnn; or give the path"
    ):
        find_bundle("xyz")


def test_a_file_that_is_not_there_is_named(shipped):
    with pytest.raises(BundleError, match=r"no bundle file runs/1.solferino: check the path"):
        find_bundle("runs/1.solferino")


def test_a_folder_is_no_bundle(shipped, tmp_path):
    with pytest.raises(BundleError, match="no bundle file"):
        find_bundle(tmp_path)


def test_without_bundles_a_path_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "SHIPPED_FOLDER", tmp_path)
    with pytest.raises(BundleError, match="no bundles are installed"):
        find_bundle("basic_rnn")
