"""What a payload holds and where it goes: decoding, documents, credentials, personal data, LLM
calls, accounts.
"""
