"""Write the docs that are generated: `data-dictionary.md` from `tables`, `licenses.md` from the table of licences,
`cli.md` from the command itself."""

from __future__ import annotations

from pathlib import Path

import typer.main
from typer.cli import get_docs_for_click

from imgtext_assets.cli.main import app
from imgtext_assets.rights.licenses import licenses_page
from imgtext_assets.tables import REASONS, STAGES, TABLES, Column, Table
from imgtext_assets.text import markdown

DOCS = Path(__file__).parent
_NOTE = "<!-- Written by docs/generate.py (`make docs`); edit {} instead. -->\n\n"


def data_dictionary() -> str:
    """Every table with its columns and every reason for a rejection, as markdown."""
    parts = [
        _NOTE.format("imgtext_assets/tables"),
        "# Data dictionary\n\n",
        "Every stage keeps the columns of the stage before; below, a stage lists only those that it adds or sets "
        "anew. A row goes on where `reject_reason` is null.\n",
    ]
    return "".join(parts + [_table(table) for table in TABLES])


def _table(table: Table) -> str:
    added = [c for c in table.columns if table not in STAGES or c.name in table.adds or table is STAGES[0]]
    lines = [f"\n## `{table.name}`\n\n{table.meaning}\n"]
    if added:
        lines += ["\n| column | type | unit | meaning |\n| --- | --- | --- | --- |\n", *map(_column, added)]
    reasons = REASONS.get(table.name, {})
    if reasons:
        lines += ["\n| reject_reason | meaning |\n| --- | --- |\n"]
        lines += [f"| `{word}` | {markdown(meaning, 500)} |\n" for word, meaning in reasons.items()]
    return "".join(lines)


def _column(column: Column) -> str:
    return f"| `{column.name}` | {column.dtype} | {column.unit or ''} | {markdown(column.meaning, 500)} |\n"


def command_line() -> str:
    """The reference of the `imgtext` command, as markdown."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="imgtext", title="Command line")
    return _NOTE.format("imgtext_assets/cli") + text.strip() + "\n"


def licenses() -> str:
    """Every licence that is known, as markdown."""
    return _NOTE.format("imgtext_assets/rights/licenses") + licenses_page()


GENERATED = {"data-dictionary.md": data_dictionary, "cli.md": command_line, "licenses.md": licenses}


if __name__ == "__main__":
    for name, write in GENERATED.items():
        (DOCS / name).write_text(write(), encoding="utf-8")
