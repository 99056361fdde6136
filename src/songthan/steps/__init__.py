"""Use cases, one a file: read, decide, write. Every step may run twice; its docstring says why that is safe."""
