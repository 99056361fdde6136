"""`python tests/returned/writers/make.py [--bless] [writer …]`: writes the corpus, or blesses what the reader says.

Making needs each writer's programs (README.md); blessing needs none. A reading that breaks the law is never blessed.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from writers import paper
from writers.texts import as_text

WRITERS = (
    "word_like", "word_tables", "word_packages", "sloppy", "libreoffice", "python_docx", "google", "wps", "docx4j",
    "pandoc", "pdf", "phone", "forms", "forms_edited", "forms_words",
)  # fmt: skip


def make(module: str) -> int:
    """Write the files of one writer module and their sidecars; how many."""
    writer = importlib.import_module(f"writers.{module}").WRITER
    count = 0
    for returned in writer.make():
        folder = paper.CORPUS / (returned.writer or writer.name)
        folder.mkdir(exist_ok=True)
        (folder / returned.name).write_bytes(returned.data)
        truth = as_text(returned.as_json(writer.name))
        (folder / f"{returned.name}.typed.json").write_text(truth, "utf-8")
        count += 1
    return count


def bless(names: set[str]) -> int:
    """Write the golden readings; prints every broken law and returns how many there are."""
    # The reader is needed for blessing alone.
    from writers import judge

    broken = 0
    for path in judge.files():
        truth = judge.truth_of(path)
        if names and truth["writer"] not in names:
            continue
        returned, checked = judge.reading(path, truth)
        judge.golden_of(path).write_text(as_text(judge.printed(checked)), "utf-8")
        for fault in judge.faults(truth, returned, checked):
            broken += 1
            print(f"{path.parent.name}/{path.name}: {fault}")
    return broken


if __name__ == "__main__":
    arguments = sys.argv[1:]
    chosen = [a for a in arguments if not a.startswith("-")]
    if "--bless" in arguments:
        sys.exit(1 if bless(set(chosen)) else 0)
    for name in chosen or WRITERS:
        print(name, make(name))
