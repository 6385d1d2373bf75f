"""What usually listens at a port, in words: for connections that nobody read. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

USUAL: Mapping[int, str] = MappingProxyType(
    {
        21: "file transfer (FTP)",
        22: "SSH",
        25: "mail (SMTP)",
        80: "the web, unencrypted",
        110: "a mailbox (POP3)",
        143: "a mailbox (IMAP)",
        389: "a directory (LDAP)",
        443: "the web",
        445: "a file share (SMB)",
        465: "mail (SMTP)",
        587: "mail (SMTP)",
        636: "a directory (LDAP)",
        853: "name look-ups (DNS over TLS)",
        873: "file transfer (rsync)",
        990: "file transfer (FTP)",
        993: "a mailbox (IMAP)",
        995: "a mailbox (POP3)",
        1433: "a Microsoft SQL Server database",
        1521: "an Oracle database",
        1883: "messages (MQTT)",
        2049: "a file share (NFS)",
        3306: "a MySQL database",
        3389: "a remote desktop (RDP)",
        5432: "a PostgreSQL database",
        5671: "messages (AMQP)",
        5672: "messages (AMQP)",
        6379: "a Redis database",
        6432: "a PostgreSQL database",
        8443: "the web",
        8883: "messages (MQTT)",
        9042: "a Cassandra database",
        9092: "messages (Kafka)",
        9200: "an Elasticsearch database",
        9440: "a ClickHouse database",
        27017: "a MongoDB database",
    }
)
"""Registered or customary ports (IANA's registry, and the products' own documents)."""


SERVER_FIRST_IN_TLS = frozenset({465, 563, 990, 993, 994, 995, 6697})
"""Ports at which a server speaks first inside TLS: mail, news, files, chat."""


def port_words(port: int) -> str:
    """Return `port 5432, usually a PostgreSQL database`, or the port alone."""
    usual = USUAL.get(port)
    return f"port {port}" if usual is None else f"port {port}, usually {usual}"
