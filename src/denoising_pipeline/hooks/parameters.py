"""Parameters are checked before anything else happens."""

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

from denoising_pipeline.config import validate_parameters


class ParameterHooks:
    """Refuse parameters that are not allowed; fill in the defaults of those not given."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Replace the parameters by the complete, checked ones.

        Raises:
            ParameterError: Some are not allowed; every one of them is named.
        """
        checked = validate_parameters(context.config_loader["parameters"])
        context.config_loader["parameters"] = checked.model_dump()
