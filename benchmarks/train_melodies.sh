#!/usr/bin/env bash
# From the corpus to the four shipped melody bundles, or to better ones.
#   benchmarks/train_melodies.sh DATA_FOLDER WORK_FOLDER [OPTIONS OF solferino train]
# One CPU core: as below, 3 hours in all with --threads 1. A GPU: add
#   --device cuda --precision bf16-mixed --minutes 8
# What WORK_FOLDER holds already is not made again, so a machine that trains needs only
# WORK_FOLDER/examples. A run that was stopped goes on with --resume.
set -euo pipefail
here=$(dirname "$0") data=$1 work=$2
shift 2

examples() { # RECIPE
    [ -d "$work/examples/$1" ] && return
    [ -d "$work/corpus" ] || "$here/melody_corpus.sh" "$data" "$work/corpus"
    [ -f "$work/notes.parquet" ] || solferino convert "$work/corpus" -o "$work/notes.parquet"
    solferino dataset "$1" "$work/notes.parquet" --sources "$here/melody_sources.toml" \
        -o "$work/examples/$1"
}

melodies() { # RECIPE MINUTES HPARAMS [OPTIONS]
    local recipe=$1 minutes=$2 hparams="batch_size=32,dropout_keep_prob=0.9,$3"
    shift 3
    examples "$recipe"
    solferino train "$recipe" "$work/examples/$recipe" --run-dir "$work/runs/$recipe" \
        --hparams "$hparams,learning_rate_decay=0.5,decay_steps=1500" --eval-every 400 \
        --minutes "$minutes" "$@"
    solferino bundle "$work/runs/$recipe" --licence Apache-2.0 -o "$work/$recipe.solferino"
}

melodies attention_rnn 84 learning_rate=0.0025,warmup_steps=500 "$@"
melodies lookback_rnn 24 learning_rate=0.002 "$@"
melodies basic_rnn 22 learning_rate=0.002 "$@"
melodies mono_rnn 24 learning_rate=0.002 "$@"
