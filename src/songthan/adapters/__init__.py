"""One library, one owner file. Only `songthan.workspace` imports these."""
