"""What each format keeps of each feature of music, tried out: the proof of docs/formats."""
