"""The providers of language models, one row each, by what sort of provider they are."""
