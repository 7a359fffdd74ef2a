"""What images may take: the figures that were recorded, and a few percent; and bars, which nothing may pass."""

COLUMNS = ["predict", "train", "flash", "code", "ram", "stack", "bound"]
SLACK = 1.03
HEAD = """\
# What the firmware took when this was recorded (`firmware/run --record`); 3 % more fails. Instructions of a prediction
# and of a step of training; bytes of flash, of flash without weights and test digits, of variables, of stack as
# measured, and the most that it can be. A line `bar` is a limit that was promised.
"""


class Over(Exception):
    """Which figures are over their budgets."""


def number(cell):
    """Of a cell of the table; none of a dash."""
    return None if cell == "-" else int(cell.replace(",", ""))


def row(cells):
    """A line of the table."""
    name, board, *numbers = cells
    texts = [cell if isinstance(cell, str) else "-" if cell is None else f"{cell:,}" for cell in numbers]
    return f"{name:<10} {board:<14}" + "".join(f"{text:>11}" for text in texts)


class Budgets:
    """The lines of a file, and the figures of today."""

    def __init__(self, path):
        self.path, self.limits, self.bars, self.today = path, {}, [], {}
        for line in path.read_text().splitlines() if path.exists() else []:
            words = line.split()
            if words[:1] == ["bar"]:
                _, name, board, column, limit = words
                self.bars.append((name, board, column, number(limit)))
            elif words and words[0] not in ("#", "image"):
                name, board, *cells = words
                self.limits[name, board] = dict(zip(COLUMNS, map(number, cells)))

    def take(self, image, figures):
        """Keeps the figures of an image, and gives its line of the table."""
        self.today[image.name, image.board] = figures
        return row([image.name, image.board, *(figures[column] for column in COLUMNS)])

    def check(self, image):
        """Fails if figures of an image are over its budget."""
        key = image.name, image.board
        figures, limits = self.today[key], self.limits.get(key)
        if limits is None:
            raise Over(f"there is no budget in {self.path.name}: `firmware/run --record` writes one")
        over = [
            f"{column} is {figures[column]}, the budget {limit}"
            for column, limit in limits.items()
            if limit is not None and (figures[column] is None or figures[column] > SLACK * limit)
        ]
        over += [
            f"{column} is {figures[column]}, and {limit} were promised"
            for *image_of_bar, column, limit in self.bars
            if tuple(image_of_bar) == key and figures[column] > limit
        ]
        if over:
            raise Over("; ".join(over))

    def write(self):
        """Makes the figures of today the budgets, and leaves those of other images."""
        lines = self.limits | self.today
        table = [row([*key, *(figures[column] for column in COLUMNS)]) for key, figures in lines.items()]
        bars = [f"bar {name} {board} {column} {limit:,}" for name, board, column, limit in self.bars]
        self.path.write_text("\n".join([HEAD + TITLE, *table, *bars]) + "\n")


TITLE = row(["image", "board", *COLUMNS])
