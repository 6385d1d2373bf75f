"""Names and addresses in sentences, by model or by an organisation's own recognisers."""
