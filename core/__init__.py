"""The vocabulary of Outgate: plain values, ports, errors and safe text. Standard library only."""
