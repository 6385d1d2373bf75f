"""The proxy shell: mitmproxy lives here and nowhere else."""
