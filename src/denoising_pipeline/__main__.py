"""`python -m denoising_pipeline`: the same commands as `denoising-pipeline`."""

from denoising_pipeline.cli import main

if __name__ == "__main__":
    main()
