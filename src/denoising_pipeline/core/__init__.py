"""What every room stands on: Keras behind one door, components, randomness, whole files."""
