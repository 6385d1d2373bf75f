"""Large bodies: cut into windows, sieved, read one after another."""
