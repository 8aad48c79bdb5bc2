"""Studies: one training after another with other hyperparameters, and what is learnt of it."""
