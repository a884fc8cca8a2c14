#!/usr/bin/env bash
# From the corpora to a bundle like the shipped one, or to a better one.
#   benchmarks/train_bundle.sh BUNDLE DATA_FOLDER WORK_FOLDER [OPTIONS OF solferino train]
# The minutes are those of one CPU core with --threads 1 (and, but for melodies, --precision
# bf16-mixed). A GPU, with the sizes of the recipe: add
#   --device cuda --precision bf16-mixed --minutes 8 --hparams batch_size=64
# What WORK_FOLDER holds already is not made again, so a machine that trains needs only
# WORK_FOLDER/examples. A run that was stopped goes on with --resume.
set -euo pipefail
here=$(dirname "$0") bundle=$1 data=$2 work=$3
shift 3

extraction=() start=()
case $bundle in
attention_rnn)
    kind=melodies minutes=84 every=400
    hparams=batch_size=32,dropout_keep_prob=0.9,learning_rate=0.0025,warmup_steps=500,decay_steps=1500
    ;;
lookback_rnn | basic_rnn | mono_rnn)
    kind=melodies minutes=24 every=400
    hparams=batch_size=32,dropout_keep_prob=0.9,learning_rate=0.002,decay_steps=1500
    ;;
drum_kit)
    kind=drums minutes=10 every=150 extraction=(--eval-pieces "$work/corpora/drums/eval.txt")
    hparams=batch_size=8,rnn_layer_sizes=[256,256],attn_length=0,dropout_keep_prob=0.7,learning_rate=0.004,decay_steps=700
    ;;
one_drum)
    kind=drums minutes=2 every=150 extraction=(--eval-pieces "$work/corpora/drums/eval.txt")
    hparams=batch_size=16,dropout_keep_prob=0.9,learning_rate=0.003,decay_steps=400
    ;;
chord_pitches_improv)
    kind=leads minutes=8 every=200 extraction=(--rules infer_chords=true)
    hparams=batch_size=16,rnn_layer_sizes=[256,256],dropout_keep_prob=0.85,learning_rate=0.004,decay_steps=400
    ;;
attention_improv | basic_improv)
    kind=leads minutes=28 every=250 extraction=(--rules infer_chords=true)
    hparams=batch_size=16,rnn_layer_sizes=[128,128],dropout_keep_prob=0.9,learning_rate=0.004,warmup_steps=50,decay_steps=500
    ;;
polyphony)
    kind=chorales minutes=18 every=300 extraction=(--rules max_steps=96,min_steps=16)
    hparams=batch_size=8,rnn_layer_sizes=[256,256],dropout_keep_prob=0.9,learning_rate=0.004,decay_steps=900
    ;;
rnn-nade*)
    kind=chorales minutes=7 every=150 extraction=(--rules max_steps=96,min_steps=16)
    hparams=batch_size=8,dropout_keep_prob=0.9,learning_rate=0.004,decay_steps=600
    ;;
multiconditioned_performance_with_dynamics)
    kind=performances minutes=28 every=600 extraction=(--rules max_events=192)
    start=(--from-bundle "$work/performance_with_dynamics.solferino")
    hparams=batch_size=16,rnn_layer_sizes=[384,384],learning_rate=0.0015,warmup_steps=50,decay_steps=1000
    ;;
performance_with_dynamics_and_note_encoding)
    kind=performances minutes=85 every=600 extraction=(--rules max_events=193,min_events=49)
    hparams=batch_size=16,rnn_layer_sizes=[384,384],learning_rate=0.002,warmup_steps=100,decay_steps=1500
    ;;
*performance*)
    kind=performances minutes=148 every=600 extraction=(--rules max_events=192)
    hparams=batch_size=16,rnn_layer_sizes=[384,384],learning_rate=0.002,warmup_steps=100,decay_steps=1500
    ;;
*)
    echo "$bundle: no bundle of this name is trained here" >&2
    exit 2
    ;;
esac

if [ ! -d "$work/examples/$bundle" ]; then
    [ -d "$work/corpora/$kind" ] || "$here/corpus.sh" "$kind" "$data" "$work/corpora/$kind"
    solferino dataset "$bundle" "$work/corpora/$kind" --sources "$here/sources.toml" \
        "${extraction[@]}" -o "$work/examples/$bundle"
fi
solferino train "$bundle" "$work/examples/$bundle" --run-dir "$work/runs/$bundle" \
    --hparams "$hparams,learning_rate_decay=0.5" --eval-every "$every" --minutes "$minutes" \
    "${start[@]}" "$@"
solferino bundle "$work/runs/$bundle" --licence Apache-2.0 -o "$work/$bundle.solferino"
