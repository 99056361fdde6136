"""Makes the corpus of returned forms; see README.md. Needed when the corpus is made, never when it is tested."""
