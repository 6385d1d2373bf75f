"""The commands of the command line, a few to a file; heavy imports happen inside them."""
