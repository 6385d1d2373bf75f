"""What connections that nobody read speak: what usually listens at a port, and each protocol's name
and words. Pure.
"""

from collections.abc import Mapping
from types import MappingProxyType

USUAL: Mapping[int, str] = MappingProxyType(
    {
        21: "file transfer (FTP)",
        22: "SSH",
        24: "mail (LMTP)",
        25: "mail (SMTP)",
        80: "the web, unencrypted",
        110: "a mailbox (POP3)",
        143: "a mailbox (IMAP)",
        389: "a directory (LDAP)",
        443: "the web",
        139: "a file share (SMB)",
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
        1434: "a Microsoft SQL Server database",
        1521: "an Oracle database",
        1522: "an Oracle database",
        1526: "an Oracle database",
        1883: "messages (MQTT)",
        2049: "a file share (NFS)",
        2483: "an Oracle database",
        2484: "an Oracle database",
        2525: "mail (SMTP)",
        3050: "a Firebird database",
        3268: "a directory (LDAP)",
        3269: "a directory (LDAP)",
        3306: "a MySQL database",
        3307: "a MySQL database",
        3389: "a remote desktop (RDP)",
        4222: "messages (NATS)",
        5432: "a PostgreSQL database",
        5433: "a PostgreSQL database",
        5439: "a PostgreSQL database",
        5671: "messages (AMQP)",
        5672: "messages (AMQP)",
        6379: "a Redis database",
        6380: "a Redis database",
        6432: "a PostgreSQL database",
        6543: "a PostgreSQL database",
        7687: "a Neo4j database",
        8443: "the web",
        8883: "messages (MQTT)",
        9000: "a ClickHouse database",
        9042: "a Cassandra database",
        9092: "messages (Kafka)",
        9093: "messages (Kafka)",
        9142: "a Cassandra database",
        9200: "an Elasticsearch database",
        9440: "a ClickHouse database",
        11211: "a Memcached database",
        26257: "a PostgreSQL database",
        27017: "a MongoDB database",
        27018: "a MongoDB database",
        33060: "a MySQL database",
        50000: "a Db2 database",
    }
)
"""Registered or customary ports (IANA's registry, and the products' own documents)."""


SERVER_FIRST_IN_TLS = frozenset({465, 563, 990, 993, 994, 995, 6697})
"""Ports at which a server speaks first inside TLS: mail, news, files, chat."""


NO_PORT = 0
"""Stands in a record for a port that nobody knows: nobody is connected to it."""


def port_words(port: int) -> str:
    """Return `port 5432, usually a PostgreSQL database`, or the port alone; of none, that."""
    if port == NO_PORT:
        return "a port that is not known"
    usual = USUAL.get(port)
    return f"port {port}" if usual is None else f"port {port}, usually {usual}"


UNKNOWN = "tcp"
"""What nobody can name."""
WORDS: Mapping[str, str] = MappingProxyType(
    {
        UNKNOWN: "something unknown",
        "tls": "something encrypted that is not HTTP",
        "amqp": "messages (AMQP)",
        "cassandra": "a Cassandra database",
        "clickhouse": "a ClickHouse database",
        "db2": "a Db2 database",
        "firebird": "a Firebird database",
        "ftp": "file transfer (FTP)",
        "git": "a Git repository",
        "imap": "a mailbox (IMAP)",
        "kafka": "messages (Kafka)",
        "ldap": "a directory (LDAP)",
        "lmtp": "mail (LMTP)",
        "memcached": "a Memcached database",
        "mongodb": "a MongoDB database",
        "mqtt": "messages (MQTT)",
        "mysql": "a MySQL database",
        "nats": "messages (NATS)",
        "neo4j": "a Neo4j database",
        "nfs": "a file share (NFS)",
        "oracle": "an Oracle database",
        "pop3": "a mailbox (POP3)",
        "postgresql": "a PostgreSQL database",
        "rdp": "a remote desktop (RDP)",
        "redis": "a Redis database",
        "rsync": "file transfer (rsync)",
        "smb": "a file share (SMB)",
        "smtp": "mail (SMTP)",
        "socks": "another proxy (SOCKS)",
        "sqlserver": "a Microsoft SQL Server database",
        "ssh": "SSH",
        "vnc": "a remote desktop (VNC)",
    }
)
"""Each protocol that is told from a connection's first bytes, or that its port stands for."""

_BY_PORT: Mapping[int, str] = MappingProxyType(
    {port: name for port, words in USUAL.items() for name, own in WORDS.items() if own == words}
)
OBSERVED_PORTS = frozenset(_BY_PORT) - {3389}
"""Ports of databases, mail, file shares, queues and their like: where connections are watched."""
SERVER_SPEAKS_FIRST = frozenset(
    {21, 22, 24, 25, 110, 119, 143, 587, 873, 2525, 3306, 3307, 4190, 4222, 5900, 5901}
)
"""Ports whose usual protocol begins with the server's greeting."""
ENCRYPTED = frozenset({465, 636, 853, 989, 990, 993, 995, 5671, 6380, 8883, 9093, 9440, 10255})
"""Ports at which TLS usually carries something other than HTTP."""
WEB = frozenset({80, 443, 3000, 4443, 5000, 8000, 8080, 8081, 8443, 8888, 9443})
"""Ports that clients of HTTP open ahead of their first request."""


def place_words(protocol: str, host: str, port: int) -> str:
    """Return `a PostgreSQL database at 10.0.0.7:5432`."""
    server = f"[{host}]" if ":" in host else host
    return f"{WORDS.get(protocol, protocol)} at {server}:{port}"


def protocol_at(port: int) -> str:
    """Return the protocol that a port usually stands for; UNKNOWN where it stands for none."""
    return _BY_PORT.get(port, UNKNOWN)
