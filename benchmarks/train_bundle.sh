#!/usr/bin/env bash
# From the corpora to a bundle like the shipped one, or to a better one.
#   benchmarks/train_bundle.sh BUNDLE DATA_FOLDER WORK_FOLDER [OPTIONS OF solferino train]
# The minutes are those of one CPU core with --threads 1. A GPU: add
#   --device cuda --precision bf16-mixed --minutes 8
# What WORK_FOLDER holds already is not made again, so a machine that trains needs only
# WORK_FOLDER/examples. A run that was stopped goes on with --resume.
set -euo pipefail
here=$(dirname "$0") bundle=$1 data=$2 work=$3
shift 3

split=()
case $bundle in
attention_rnn)
    kind=melodies minutes=84 every=400
    hparams=batch_size=32,dropout_keep_prob=0.9,learning_rate=0.0025,warmup_steps=500,decay_steps=1500
    ;;
lookback_rnn | basic_rnn | mono_rnn)
    kind=melodies minutes=24 every=400
    hparams=batch_size=32,dropout_keep_prob=0.9,learning_rate=0.002,decay_steps=1500
    ;;
drum_kit | one_drum)
    kind=drums minutes=28 every=100 split=(--eval-pieces "$work/corpora/drums/eval.txt")
    hparams=batch_size=16,dropout_keep_prob=0.7,learning_rate=0.002,warmup_steps=50,decay_steps=400
    ;;
*improv)
    kind=leads minutes=10 every=100
    hparams=batch_size=16,dropout_keep_prob=0.6,learning_rate=0.002,warmup_steps=50,decay_steps=400
    ;;
polyphony)
    kind=chorales minutes=30 every=100
    hparams=batch_size=8,dropout_keep_prob=0.7,learning_rate=0.002,warmup_steps=50,decay_steps=400
    ;;
*performance*)
    kind=performances minutes=75 every=300
    hparams=batch_size=16,learning_rate=0.001,warmup_steps=100,decay_steps=500
    ;;
*)
    echo "$bundle: no bundle of this name is trained here" >&2
    exit 2
    ;;
esac

if [ ! -d "$work/examples/$bundle" ]; then
    [ -d "$work/corpora/$kind" ] || "$here/corpus.sh" "$kind" "$data" "$work/corpora/$kind"
    solferino dataset "$bundle" "$work/corpora/$kind" --sources "$here/sources.toml" \
        "${split[@]}" -o "$work/examples/$bundle"
fi
solferino train "$bundle" "$work/examples/$bundle" --run-dir "$work/runs/$bundle" \
    --hparams "$hparams,learning_rate_decay=0.5" --eval-every "$every" --minutes "$minutes" "$@"
solferino bundle "$work/runs/$bundle" --licence Apache-2.0 -o "$work/$bundle.solferino"
