"""Evidence packs: one zip that proves itself on a machine that never saw Outgate."""
