"""Train, measure and compare image denoisers with Kedro, Keras and MLflow."""

__version__ = "0.1.0"
