"""Tables wherever they stand in a text: found by their shape, handed to the column reader."""
