#!/usr/bin/env bash
# Unpack the music that the shipped melody bundles learn from: one folder a source.
#   benchmarks/melody_corpus.sh DATA_FOLDER CORPUS_FOLDER
set -euo pipefail
data=$1 corpus=$2
unpack() { mkdir -p "$corpus/$2" && tar --zstd -xf "$data/$1.tar.zst" -C "$corpus/$2"; }
unpack folk_abc_music21 folk
unpack openscore_lieder_midi lieder
unpack openscore_quartets_midi quartets
unpack bach_chorales_music21 chorales
unpack openewld_pd160 leads
find "$corpus" -type f ! -name '*.mid' ! -name '*.abc' -delete
