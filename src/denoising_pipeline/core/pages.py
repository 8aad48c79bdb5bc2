"""Pages of HTML that need nothing but themselves: what all of them share."""

import base64

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


def environment(package: str) -> Environment:
    """Return where the templates of a room are found.

    Words are escaped, wherever they come from. A page extends `frame.html.jinja`, whose content
    security policy lets it fetch nothing, and whose style is light or dark as the reader wants it.

    Args:
        package: Its folder `assets` holds templates, styles and scripts.
    """
    return Environment(
        loader=ChoiceLoader(
            [PackageLoader(package, "assets"), PackageLoader(__package__, "assets")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def data_uri(content: bytes, kind: str) -> str:
    """Return a file as an address that holds it.

    Args:
        content: The file.
        kind: Its media type, such as "image/png".
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
