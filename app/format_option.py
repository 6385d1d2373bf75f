"""The option `--format`: names and purposes of the export formats, asked of the plug-ins when a
command is run.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

if TYPE_CHECKING:
    from typer._click.core import Context


class ChoosesFormat(TyperCommand):
    """A command with an option `format_name`.

    Its help lists the formats, so that a new one is one file.
    """

    own: tuple[str, ...] = ()
    """What this command can besides."""
    besides: tuple[str, ...] = ()
    """What that is for."""

    def known(self) -> Mapping[str, Any]:
        """Return the formats by name, each with its purpose."""
        from exports.formats import formats

        return formats()

    def get_params(self, ctx: "Context") -> list[Any]:
        """Return the parameters, the formats among their words."""
        known = self.known()
        parameters: list[Any] = super().get_params(ctx)
        for parameter in parameters:
            if parameter.name == "format_name":
                parameter.metavar = "|".join((*self.own, *known))
                purposes = (f"{format_.name} {format_.purpose}" for format_ in known.values())
                parameter.help = f"File format: {'; '.join([*self.besides, *purposes])}."
        return parameters


class ChoosesTableOrFormat(ChoosesFormat):
    """The same for a command that prints a table when nothing else is asked for."""

    own = ("table",)


class ChoosesPackOrFormat(ChoosesFormat):
    """The same for a command that also makes evidence packs."""

    own = ("pack",)
    besides = ("pack for auditors: one zip with reports that verifies itself, anywhere",)


class ChoosesReport(ChoosesFormat):
    """The same for a command that writes reports of scans."""

    def known(self) -> Mapping[str, Any]:
        """Return the formats of reports."""
        from inventory.reports import formats

        return formats()
