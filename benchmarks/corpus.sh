#!/usr/bin/env bash
# Unpack the music that shipped bundles learn from: one folder a source, named as in sources.toml.
#   benchmarks/corpus.sh KIND DATA_FOLDER CORPUS_FOLDER
# KIND is melodies, drums, performances, chorales or leads.
set -euo pipefail
kind=$1 data=$2 corpus=$3

unpack() { # ARCHIVE FOLDER PATTERN: what fits the pattern stays
    mkdir -p "$corpus/$2"
    tar --use-compress-program="zstd -d --long=27" -xf "$data/$1.tar.zst" -C "$corpus/$2"
    find "$corpus/$2" -type f ! -name "$3" -delete
}

case $kind in
melodies)
    unpack folk_abc_music21 folk '*.abc'
    unpack openscore_lieder_midi lieder '*.mid'
    unpack openscore_quartets_midi quartets '*.mid'
    unpack bach_chorales_music21 chorales '*.mid'
    unpack openewld_pd160 leads '*.mid'
    ;;
drums)
    mkdir -p "$corpus"
    tar --zstd -xOf "$data/groove_midi.tar.zst" --wildcards '*info.csv' |
        awk -F, 'NR > 1 && $11 != "train" { print "groove/groove_midi/" $8 }' >"$corpus/eval.txt"
    unpack groove_midi groove '*.mid'
    ;;
performances)
    unpack piano_midi_de piano_midi_de '*.mid'
    unpack giantmidi_56 giantmidi '*.mid'
    ;;
chorales) unpack bach_chorales_music21 chorales '*.mid' ;;
leads)
    unpack openewld_pd160 leads '*.mxl'
    unpack openscore_lieder_midi lieder '*.mid'
    ;;
*)
    echo "$kind: it is melodies, drums, performances, chorales or leads" >&2
    exit 2
    ;;
esac
