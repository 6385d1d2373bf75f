"""Officer's words for what records call things: finding kinds, verdicts, dispositions, launches. Plain tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class KindWords:
    """How one kind of finding is called, and how early it stands among others (0 is gravest)."""

    one: str
    many: str
    rank: int


def _kinds(rank: int, **words: str) -> dict[str, KindWords]:
    pairs = {kind: text.partition("/") for kind, text in words.items()}
    return {kind: KindWords(one, many or f"{one}s", rank) for kind, (one, _, many) in pairs.items()}


KINDS: Mapping[str, KindWords] = MappingProxyType(
    {
        **_kinds(0, secret="password or key/passwords or keys"),  # noqa: S106 - words, not a password
        **_kinds(
            1,
            health_data="item of health data/items of health data",
            health_id="health insurance number",
            medical_record="medical record number",
            uk_nhs="British NHS number",
            us_mbi="US Medicare number",
            special_category="item of special-category data/items of special-category data",
        ),
        **_kinds(
            2,
            credit_card="payment card number",
            iban="bank account number",
            bank_account="bank account number",
            us_aba="US bank routing number",
        ),
        **_kinds(
            3,
            passport="passport number",
            driving_licence="driving licence number",
            us_ssn="US social security number",
            us_itin="US taxpayer number (ITIN)/US taxpayer numbers (ITIN)",
            uk_nino="British national insurance number",
            uk_utr="British tax reference",
            br_cpf="Brazilian personal tax number (CPF)/Brazilian personal tax numbers (CPF)",
            br_cnpj="Brazilian company number (CNPJ)/Brazilian company numbers (CNPJ)",
            in_aadhaar="Indian Aadhaar number",
            in_pan="Indian tax number (PAN)/Indian tax numbers (PAN)",
            in_gstin="Indian goods-tax number (GSTIN)/Indian goods-tax numbers (GSTIN)",
            de_tax_id="German tax number",
            fr_nir="French social security number",
            es_dni="Spanish identity number (DNI)/Spanish identity numbers (DNI)",
            es_nie="Spanish foreigner number (NIE)/Spanish foreigner numbers (NIE)",
            it_codice_fiscale="Italian tax code",
            nl_bsn="Dutch citizen number (BSN)/Dutch citizen numbers (BSN)",
            pl_pesel="Polish identity number (PESEL)/Polish identity numbers (PESEL)",
            pl_nip="Polish tax number (NIP)/Polish tax numbers (NIP)",
            pt_nif="Portuguese tax number",
            be_national_number="Belgian national number",
            se_personnummer="Swedish personal number",
            no_fodselsnummer="Norwegian birth number",
            fi_hetu="Finnish personal identity code",
            dk_cpr="Danish personal number (CPR)/Danish personal numbers (CPR)",
            ch_ahv="Swiss social security number",
            ro_cnp="Romanian personal number",
            ca_sin="Canadian social insurance number",
            au_tfn="Australian tax file number",
            mx_curp="Mexican population code (CURP)/Mexican population codes (CURP)",
            za_id="South African identity number",
            ie_pps="Irish public service number",
            at_svnr="Austrian social insurance number",
            cn_ric="Chinese resident identity number",
            kr_rrn="Korean resident number",
        ),
        **_kinds(
            4,
            organisation_word="word your organisation protects/words your organisation protects",
            date_of_birth="date of birth/dates of birth",
            person="name of a person/names of people",
            address="postal address/postal addresses",
            email="e-mail address/e-mail addresses",
            phone="phone number",
            salary="pay figure",
        ),
        **_kinds(
            5,
            ip_address="IP address/IP addresses",
            mac_address="network card address/network card addresses",
            location="place on a map/places on a map",
            vehicle_plate="number plate",
            username="user name",
            registered_document="document your organisation registered/documents your organisation registered",
            source_code="piece of source code/pieces of source code",
            file="file",
        ),
        **_kinds(9, not_inspected="part that could not be read/parts that could not be read"),
    }
)
"""Every kind that the classifiers report. Others go by their own name: see `tui.wording.kind_words`."""


@dataclass(frozen=True, slots=True)
class VerdictWords:
    """How an outcome is called and drawn. `meaning` is one of allowed, held, blocked, unknown."""

    word: str
    sign: str
    meaning: str
    outcome: str
    """What happened to the request, as a sentence."""


VERDICTS: Mapping[str, VerdictWords] = MappingProxyType(
    {
        "allow": VerdictWords("allowed", "✓", "allowed", "It was allowed."),
        "watch": VerdictWords("passed", "→", "allowed", "It passed; policy only watches."),
        "warn": VerdictWords("warned", "→", "allowed", "It passed, and the sender was warned."),
        "redact": VerdictWords(
            "redacted", "◇", "held", "It passed with the sensitive values taken out."
        ),
        "hold": VerdictWords("held", "◆", "held", "It was held."),
        "block": VerdictWords("blocked", "✕", "blocked", "It was blocked."),
    }
)
HOLDS: Mapping[str, VerdictWords] = MappingProxyType(
    {
        "waiting": VerdictWords("held", "◆", "held", "It is held now."),
        "approved": VerdictWords(
            "released", "→", "allowed", "It was held, and a person released it."
        ),
        "approved_before": VerdictWords(
            "released",
            "→",
            "allowed",
            "It passed without asking: a person had approved an identical request.",
        ),
        "refused": VerdictWords("refused", "✕", "blocked", "It was held, and a person refused it."),
        "timed_out": VerdictWords(
            "expired", "◆", "held", "It was held, nobody answered in time, and it was refused."
        ),
    }
)
"""What became of a held request, by the outcome of its hold. Others: see the verdict `hold`."""
APPROVAL_HOURS = 8
"""How long an approval holds for identical requests; the gate decides, this only tells."""
UNKNOWN_VERDICT = VerdictWords("unknown", "?", "unknown", "What became of it is not known.")

WOULD_HAVE: Mapping[str, str] = MappingProxyType(
    {
        "warn": "warned the sender",
        "redact": "taken the sensitive values out",
        "hold": "held it",
        "block": "blocked it",
    }
)
"""What a rule asks for, after `The rule would have`."""

DISPOSITIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "confirmed_leak": ("confirmed leak", "Should not have left. Returns if repeated."),
        "false_alarm": ("false alarm", "What was found is not what it looks like."),
        "allowed_purpose": ("allowed purpose", "The data may go there for this purpose."),
        "test_data": ("test data", "No real person or key is concerned."),
        "already_handled": ("already handled", "Dealt with elsewhere. Returns if repeated."),
    }
)
"""Reasons to close a case: the words and what they mean."""

ACTS: Mapping[str, str] = MappingProxyType(
    {
        "close": "closed",
        "reopen": "reopened",
        "note": "noted",
        "approve": "approved",
        "refuse": "refused",
        "approve_script": "approved the script of",
        "withdraw_script": "took back the approval of the script of",
    }
)

CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "llm": "language model",
        "cloud_storage": "cloud storage",
        "code_host": "code hosting",
        "messaging": "messaging",
        "paste": "paste site",
        "package_index": "package index",
        "observability": "monitoring",
        "webhook": "webhook",
        "other": "other",
    }
)

CONFIDENCE: Mapping[str, str] = MappingProxyType(
    {"certain": "certain", "likely": "likely", "possible": "possible only"}
)

LAUNCHES: Mapping[str, str] = MappingProxyType(
    {
        "file": "as a script file",
        "module": "as a module (python -m)",
        "command": "as a command line text (python -c)",
        "stdin": "from standard input",
        "interactive": "typed into an interactive Python",
        "notebook": "from a notebook",
        "console-script": "as an installed command",
        "zipapp": "as a packed application",
        "frozen": "as a built program",
        "worker": "as a worker of another process",
        "unknown": "in a way that is not known",
    }
)

METHODS: Mapping[str, str] = MappingProxyType(
    {
        "sock_diag": "the operating system named the owner of this very connection",
        "netlink": "the operating system named the owner of this very connection",
        "proc_net": "the connection was looked up in the system's table of connections",
        "psutil": "the connection was looked up in the system's table of connections",
        "recording": "this is recorded traffic; recordings do not name the sender",
        "header": "the sender named itself",
        "none": "no way to find the sender worked",
    }
)
"""How a sender was found, in words."""
