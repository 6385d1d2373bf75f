"""The words of the house, each with one home: policy, tables, screens, exports read them here."""
