"""The pattern engines that run the rules over text."""
