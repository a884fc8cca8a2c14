#!/usr/bin/env bash
# The whole path on one page: music files -> notes -> examples -> training -> bundle -> new music.
#   examples/first_melody.sh [MUSIC_FOLDER] [WORK_FOLDER] [TRAINING_STEPS]
set -euo pipefail
music=${1:-$(dirname "$0")/songs}
work=${2:-runs/first_melody}
steps=${3:-200}
mkdir -p "$work"

# 1. MIDI and ABC files become one table of notes; files that cannot be read are listed, with why.
solferino convert "$music" -o "$work/notes.parquet"

# 2. The melodies in it become examples; what was left out is explained.
solferino dataset lookback_rnn "$work/notes.parquet" -o "$work/examples" --explain

# 3. A small network learns from them (tensorboard --logdir "$work/run" shows how).
solferino train lookback_rnn "$work/examples" --run-dir "$work/run" \
    --num-training-steps "$steps" --hparams "batch_size=16,rnn_layer_sizes=[64,64]"

# 4. The trained network becomes one file, with a card that says what it learnt and how well.
solferino bundle "$work/run" -o "$work/mine.solferino"

# 5. It plays.
solferino generate "$work/mine.solferino" --primer-melody "[60, -2, 62, -2, 64]" \
    --num-outputs 2 --num-steps 64 --seed 1 --wav --plot -o "$work/out"
