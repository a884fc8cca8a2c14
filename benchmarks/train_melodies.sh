#!/usr/bin/env bash
# From the corpus to the four shipped melody bundles, or to better ones.
#   benchmarks/train_melodies.sh DATA_FOLDER WORK_FOLDER [OPTIONS OF solferino train]
# Two CPU cores: the defaults below, about 3 hours on one of them in all. A GPU: add
#   --device cuda --precision bf16-mixed --num-training-steps 20000
# A run that was stopped goes on with --resume.
set -euo pipefail
here=$(dirname "$0") data=$1 work=$2
shift 2
[ -d "$work/corpus" ] || "$here/melody_corpus.sh" "$data" "$work/corpus"
[ -f "$work/notes.parquet" ] || solferino convert "$work/corpus" -o "$work/notes.parquet"

melodies() { # RECIPE HPARAMS [OPTIONS]
    local recipe=$1 hparams=$2
    shift 2
    [ -d "$work/examples/$recipe" ] || solferino dataset "$recipe" "$work/notes.parquet" \
        --sources "$here/melody_sources.toml" -o "$work/examples/$recipe"
    solferino train "$recipe" "$work/examples/$recipe" --run-dir "$work/runs/$recipe" \
        --hparams "batch_size=32,dropout_keep_prob=0.9,$hparams" --eval-every 400 "$@"
    solferino bundle "$work/runs/$recipe" --licence Apache-2.0 -o "$work/$recipe.solferino"
}

once="learning_rate=0.002,learning_rate_decay=0.5,decay_steps=1500"
melodies attention_rnn "learning_rate=0.0025,warmup_steps=500,learning_rate_decay=0.5,decay_steps=1500" --minutes 90 "$@"
melodies lookback_rnn "$once" --minutes 30 "$@"
melodies basic_rnn "$once" --minutes 30 "$@"
melodies mono_rnn "$once" --minutes 30 "$@"
