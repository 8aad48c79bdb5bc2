"""What a folder holds, and what can be done with it."""

from denoising_pipeline.batch.doctor.examine import examine
from denoising_pipeline.batch.doctor.findings import Findings

__all__ = ["Findings", "examine"]
