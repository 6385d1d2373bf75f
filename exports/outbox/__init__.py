"""What goes on to collectors: each has a cursor, and the evidence itself is the outbox."""
