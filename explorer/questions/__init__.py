"""What pages may ask the engine: plain values and numpy arrays in, answers out."""
