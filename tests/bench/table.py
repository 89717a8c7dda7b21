"""What was measured, row by row."""


class Table:
    """Rows of what was measured."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str, str]] = []

    def add(self, what: str, measured: str, target: str, good: bool | None = None) -> None:
        """Add a row, and show it at once; `good` None: no target."""
        mark = "" if good is None else ("ok" if good else "MISSED")
        self.rows.append((what, measured, target, mark))
        print(f"  {what}: {measured}  [{target}] {mark}", flush=True)

    def show(self) -> None:
        """Print all rows as a Markdown table."""
        print("\n| what | measured | target | |\n| --- | --- | --- | --- |")
        for row in self.rows:
            print("| " + " | ".join(row) + " |")
