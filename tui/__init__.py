"""The review app: what a privacy officer sees and does. Importing this package loads no Textual."""
