"""The cast: simulated members, a director, a registry and a stranger around the practice Exchange.

Everything here is written a second time on purpose: the cast fills Word files, writes mail and signs with its own code, so
that Songthan's renderers, readers and mail are judged by someone else. It imports nothing of songthan outside this folder.
"""
