"""The words of the house, each with one home: policy, proxy, screens, tables, exports and documents all read them here."""
