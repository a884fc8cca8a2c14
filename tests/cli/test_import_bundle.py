"""``solferino import`` from the user's side."""

from tests.bundles.tensorflow_files import first_format, magenta_bundle
from tests.training.magenta_networks import variables


def test_a_bundle_of_magenta_plays(solferino, tmp_path):
    tensors = variables(121, 40, (8, 8))
    (tmp_path / "lookback_rnn.mag").write_bytes(
        magenta_bundle("lookback_rnn", first_format(tensors))
    )
    path = tmp_path / "lookback.solferino"
    done = solferino("import", tmp_path / "lookback_rnn.mag", "-o", path)
    assert done.status == 0
    assert done.out == f"{path}: lookback_rnn, makes melodies, {path.stat().st_size} bytes\n"
    played = solferino("generate", path, "--num-outputs", 2, "--seed", 1, "-o", tmp_path / "out")
    assert played.status == 0
    assert len(list((tmp_path / "out").glob("*.mid"))) == 2


def test_what_is_missing_is_said_in_one_line(solferino, tmp_path):
    (tmp_path / "a.ckpt").write_bytes(first_format(variables(38, 38, (4,))))
    failed = solferino("import", tmp_path / "a.ckpt", "-o", tmp_path / "b")
    assert failed.status == 1
    assert failed.err.startswith("solferino: error: ")
    assert "add --config NAME" in failed.err
    assert failed.err.count("\n") == 1
    done = solferino("import", tmp_path / "a.ckpt", "-o", tmp_path / "b", "--config", "basic_rnn")
    assert done.status == 0
