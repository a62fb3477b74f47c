"""Help of a command in the reader's language: click's own headings are English."""

from __future__ import annotations

import click

from broadcaster.cli.words import words


class Localised(click.Command):
    """Headings in the reader's language."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how the command is called."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=words("usage") + " ")

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return `--help` with its own help."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = words("help_help")
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        rows = [record for param in self.get_params(ctx) if (record := param.get_help_record(ctx))]
        with formatter.section(words("options")):
            formatter.write_dl(rows)
