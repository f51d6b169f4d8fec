"""Connects a slixmpp client to a server on this machine, with slixmpp 1.8 (Debian 12) as well as 1.10 (Debian 13)."""


def connect(client, port, encrypted):
    """By STARTTLS, or else without encryption, when the client also shows its password to a server that asks for it."""
    if not encrypted:
        mechanisms = client["feature_mechanisms"]
        mechanisms.unencrypted_plain = True
        mechanisms.unencrypted_scram = True  # what 1.8 does by itself
    if hasattr(client, "enable_plaintext"):
        client.enable_direct_tls = False
        client.enable_starttls = encrypted
        client.enable_plaintext = not encrypted
        client.connect("127.0.0.1", port)
    else:
        client.connect(("127.0.0.1", port), force_starttls=encrypted, disable_starttls=not encrypted)
