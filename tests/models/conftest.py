"""Tests of models run on one thread: those this small only wait for a second."""

import torch

torch.set_num_threads(1)
