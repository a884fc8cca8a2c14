"""Notes to integers and back."""
