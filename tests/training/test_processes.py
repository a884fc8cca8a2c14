"""Two processes share each batch and learn what one learns alone."""

import subprocess
import sys
from pathlib import Path

import torch

from solferino.training.checkpoints import read_checkpoint
from solferino.training.loop import FitOptions
from solferino.training.run import train

HPARAMS = "dropout_keep_prob=1.0,attn_length=2,rnn_layer_sizes=[4]"
OPTIONS = {
    "num_training_steps": 4,
    "eval_every": 2,
    "log_every": 2,
    "device": "cpu",
    "num_threads": 1,
    "tensorboard": False,
}
PROGRAM = """
import sys
from solferino.datasets.examples import read_examples
from solferino.training.loop import FitOptions
from solferino.training.recipe import read_recipe
from solferino.training.run import train

folder, hparams, options = sys.argv[1], sys.argv[2], eval(sys.argv[3])
recipe = read_recipe("basic_rnn").with_hparams(hparams + ",batch_size=4")
train(recipe, read_examples(folder), folder + "/two", FitOptions(**options))
"""


def test_two_processes_learn_what_one_learns(examples, tmp_path):
    from solferino.datasets.examples import write_examples
    from solferino.training.recipe import read_recipe

    recipe = read_recipe("basic_rnn").with_hparams(f"{HPARAMS},batch_size=4")
    examples = type(examples)(
        **{
            **vars(examples),
            "representation_name": "melody",
            "representation_options": recipe.representation["options"],
        }
    )
    write_examples(examples, tmp_path)
    train(recipe, examples, tmp_path / "one", FitOptions(**OPTIONS))
    (tmp_path / "program.py").write_text(PROGRAM)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
    ended = subprocess.run(  # noqa: S603
        [
            *torchrun, "--standalone",
            str(tmp_path / "program.py"), str(tmp_path), HPARAMS, repr(OPTIONS),
        ],
        check=False, capture_output=True, text=True, timeout=120, cwd=Path.cwd(),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-2000:]
    one, two = (read_checkpoint(tmp_path / run / "last.pt") for run in ("one", "two"))
    for name, weight in one["model"].items():
        torch.testing.assert_close(weight, two["model"][name], atol=1e-5, rtol=1e-4)
    best, other = (run["progress"]["best"]["loss"] for run in (one, two))
    assert abs(best - other) < 1e-5
