"""Classification in processes that can be killed when they are late."""
