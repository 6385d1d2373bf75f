"""What a script is made of: each import with the distribution that brings it, by the environment
that the script most likely runs in, else by what is asked for beside it.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from core.scanned import Known as How
from core.scanned import ScriptPart
from inventory.environments import Known

_CALLED = MappingProxyType(
    dict(
        line.split()
        for line in (
            "yaml pyyaml;PIL pillow;cv2 opencv-python;sklearn scikit-learn;bs4 beautifulsoup4;"
            "dotenv python-dotenv;dateutil python-dateutil;Crypto pycryptodome;"
            "Cryptodome pycryptodomex;jwt pyjwt;serial pyserial;MySQLdb mysqlclient;"
            "psycopg2 psycopg2-binary;OpenSSL pyopenssl;docx python-docx;pptx python-pptx;"
            "fitz pymupdf;telegram python-telegram-bot;slack slackclient;github pygithub;"
            "gitlab python-gitlab;git gitpython;ldap python-ldap;jose python-jose;"
            "magic python-magic;usb pyusb;zmq pyzmq;win32com pywin32;win32api pywin32;"
            "pythoncom pywin32;skimage scikit-image;Xlib python-xlib;attr attrs;"
            "markdown markdown;pkg_resources setuptools;nacl pynacl;OpenGL pyopengl;"
            "cairo pycairo;gi pygobject;wx wxpython;flask_cors flask-cors;"
            "flask_sqlalchemy flask-sqlalchemy;rest_framework djangorestframework;"
            "faiss faiss-cpu;tavily tavily-python;discord discord-py;mega mega-py;"
            "kafka kafka-python;pymssql pymssql;cx_Oracle cx-oracle;oracledb oracledb;"
            "ibm_db ibm-db;tensorflow tensorflow;umap umap-learn;Levenshtein levenshtein;"
            "fpdf fpdf2;html2text html2text;markdown2 markdown2;mpl_toolkits matplotlib;"
            "pylab matplotlib;google_auth_oauthlib google-auth-oauthlib;O365 o365;"
            "office365 office365-rest-python-client;simple_salesforce simple-salesforce;"
            "boxsdk boxsdk"
        ).split(";")
    )
)
"""Imports that are not called like their distribution."""


def parts_of(
    imports: Sequence[str],
    asked: Mapping[str, str | None],
    environment: Known | None,
    own: frozenset[str],
) -> Iterator[ScriptPart]:
    """Yield the parts, by import. `own`: modules that lie beside the script."""
    told: set[str] = set()
    for name in imports:
        if name in own:
            continue
        brought = None if environment is None else environment.content.bringing(name)
        if brought is not None:
            told.add(brought.name)
            yield ScriptPart(
                name=name, distribution=brought.name, version=brought.version, known=How.INSTALLED
            )
            continue
        distribution = _CALLED.get(name, name.lower().replace("_", "-"))
        told.add(distribution)
        version = asked.get(distribution)
        how = How.WANTED if version is None else How.PINNED
        yield ScriptPart(name=name, distribution=distribution, version=version, known=how)
    for distribution, version in sorted(asked.items()):
        if distribution not in told and version is not None:
            yield ScriptPart(name="", distribution=distribution, version=version, known=How.PINNED)
