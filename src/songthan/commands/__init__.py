"""The commands of the command line, a subject a file; `songthan.cli` puts them together."""
