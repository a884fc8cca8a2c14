"""How many events a second do bundles generate? Prints one row a bundle and batch size.

    python benchmarks/generation_speed.py [BUNDLE ...] [--steps 128] [--runs 9]

Everything from the primer's notes to the new notes counts, but not opening the bundle; the
figure is the median of the runs. Without bundles it measures those that are installed.
"""

import argparse
from statistics import median
from time import perf_counter

import solferino as sf
from solferino.generation.continuation import EventGenerator

BATCH_SIZES = (1, 10)
PRIMER = sf.NoteSequence.from_columns([60, 62, 64, 65], [0, 0.5, 1, 1.5], [0.5, 1, 1.5, 1.75])
START_S = 2.0
SECONDS_PER_QUARTER = 0.5
STEPS_PER_QUARTER = 4


def events_per_second(
    generator: EventGenerator, num_steps: int, num_outputs: int, num_runs: int
) -> float:
    """Median over the runs, each with a seed of its own; the first run is not counted."""
    length_s = num_steps / STEPS_PER_QUARTER * SECONDS_PER_QUARTER
    section = sf.Section(START_S, START_S + length_s)
    speeds = []
    for seed in range(num_runs + 1):
        start = perf_counter()
        outputs = generator.generate_batch(PRIMER, section, seed=seed, num_outputs=num_outputs)
        seconds = perf_counter() - start
        speeds.append(sum(output.num_events for output in outputs) / seconds)
    return median(speeds[1:])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundles", nargs="*", help="names or paths; all installed if none")
    parser.add_argument("--steps", type=int, default=128, help="sixteenths an output")
    parser.add_argument("--runs", type=int, default=9, help="runs that are counted")
    options = parser.parse_args()
    print(f"{'bundle':<24}{'open, ms':>10}{'batch':>7}{'events/s':>11}{'us/step':>9}")
    for name in options.bundles or sf.bundle_names():
        start = perf_counter()
        generator = sf.open_generator(name)
        open_ms = 1000 * (perf_counter() - start)
        for batch in BATCH_SIZES:
            speed = events_per_second(generator, options.steps, batch, options.runs)
            us_per_step = 1e6 * batch / speed
            print(
                f"{generator.card.name:<24}{open_ms:>10.1f}{batch:>7}"
                f"{speed:>11,.0f}{us_per_step:>9.1f}"
            )


if __name__ == "__main__":
    main()
