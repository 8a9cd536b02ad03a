"""Reading Markdown tables back."""


def read_tables(text):
    """Each table as (the line above it, list of rows), a row by the header of its columns."""
    found, lines = [], text.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("|:"):
            header = cells(lines[number - 1])
            above = next((text for text in reversed(lines[: number - 1]) if text), "")
            body = []
            for row in lines[number + 1 :]:
                if not row.startswith("|"):
                    break
                body.append(dict(zip(header, cells(row), strict=True)))
            found.append((above, body))
    return found


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]
