"""`denoise --cluster`: collections that many processes share, on a disk or in object storage."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from denoising_pipeline.batch.collection.cluster import Cluster, ClusterError
from denoising_pipeline.batch.collection.shards import collect
from denoising_pipeline.batch.one import DiskFullError, Options
from denoising_pipeline.batch.places import place_of
from denoising_pipeline.batch.plan import PlanError
from denoising_pipeline.batch.run import fitting_denoiser
from denoising_pipeline.cli.progress import Progress

if TYPE_CHECKING:
    from denoising_pipeline.batch.collection.spill import Spill


def work_through(given: Mapping[str, Any], options: Options, results: "Spill") -> str:
    """Fill in the results, and return what ended it before its time, or nothing.

    Raises:
        PlanError: Inputs and output do not go together, or an option does not go with a cluster.
        ClusterError: It does not answer.
    """
    for option in ("watch", "dry_run"):
        if given[option]:
            raise PlanError(f"--{option.replace('_', '-')} does not go with --cluster.")
    if given["workers"] > 1:
        raise PlanError("--workers does not go with --cluster: local:4 has four processes.")
    if not given["output"]:
        raise PlanError("Say by -o FOLDER where the outputs go.")
    fitting_denoiser(options)
    inputs = list(map(place_of, given["inputs"]))
    output = place_of(given["output"])
    against = place_of(given["against"]) if given["against"] else None
    collected = collect(inputs, output, given["suffix"], given["format"], results.append, against)
    shown: frozenset[int] = frozenset()
    if given["report"]:
        from denoising_pipeline.batch.thumbnails import pictured

        shown = frozenset(pictured(len(collected.names)))
    with Cluster(given["cluster"]) as cluster, Progress(len(collected.names)) as progress:
        for left_out in results:
            progress.note(left_out)
        try:
            for result in cluster.results(collected, options, shown):
                results.append(result)
                progress.add(result)
        except DiskFullError as error:
            return f"{error.strerror}, no half file is left, the rest was not begun."
        except ClusterError as error:
            return str(error)
    return ""
