"""Published example values: reported, but labelled as test data."""

from classifiers.personal.scan.cards import TEST_CARDS

_EXAMPLE_DOMAINS = frozenset({"example.com", "example.org", "example.net", "example.edu"})
_EXAMPLE_ENDINGS = tuple(
    (".example .test .invalid .localhost .example.com .example.org .example.net").split()
)
_VALUES: dict[str, frozenset[str]] = {
    "credit_card": TEST_CARDS,
    "us_ssn": frozenset(
        {"078051120", "219099999", "457555462", "123456789", "123121234", "111223333"}
    ),
    "uk_nino": frozenset({"QQ123456C", "AB123456C", "JG103759A", "AA123456A"}),
    "uk_nhs": frozenset({"9434765919", "9434765870", "4857773456", "4010232137", "9999999999"}),
    "br_cpf": frozenset({"12345678909", "11144477735", "52998224725"}),
    "br_cnpj": frozenset({"11222333000181", "00000000000191"}),
    "in_aadhaar": frozenset({"234123412346", "999941057058", "999971658847"}),
    "in_pan": frozenset({"ABCDE1234F", "AAAPL1234C", "AAAPA1234A", "ABCPE1234F"}),
    "de_tax_id": frozenset(
        {"36574261809", "47036892816", "65929970489", "57549285017", "25768131411"}
    ),
    "fr_nir": frozenset({"255081416802538", "184127645108946"}),
    "es_dni": frozenset({"12345678Z", "00000000T", "00000001R", "99999999R"}),
    "es_nie": frozenset({"X1234567L", "Y1234567X", "Z1234567R", "X0000000T"}),
    "it_codice_fiscale": frozenset({"RSSMRA80A01H501U", "RSSMRA85T10A562S", "RCCMNL83S18D969H"}),
    "nl_bsn": frozenset({"123456782", "111222333", "999999990", "999990019"}),
    "pl_pesel": frozenset({"44051401359", "44051401458", "02070803628", "00000000000"}),
    "pt_nif": frozenset({"123456789", "999999990"}),
    "be_national_number": frozenset({"85073003328", "93051822361"}),
    "se_personnummer": frozenset(
        {"8112189876", "198112189876", "1212121212", "191212121212", "8803200016"}
    ),
    "fi_hetu": frozenset({"131052308T", "010101123N"}),
    "dk_cpr": frozenset({"2110625629", "0707614285"}),
    "ch_ahv": frozenset({"7569217076985", "7561234567897", "7560000000002"}),
    "ca_sin": frozenset({"046454286", "130692544"}),
    "au_tfn": frozenset({"123456782", "876543210"}),
    "mx_curp": frozenset({"BOXW310820HNERXN09", "HEGG560427MVZRRL04", "XEXX010101HNEXXXA4"}),
    "au_abn": frozenset({"51824753556", "83914571673"}),
    "de_id_card": frozenset({"T220001293", "L01X00T471"}),
    "de_pension_number": frozenset({"65170839J003", "15070649C103"}),
    "sg_nric": frozenset({"S1234567D", "S0000001I"}),
    "tr_id": frozenset({"10000000146"}),
    "us_npi": frozenset({"1234567893"}),
    "it_iva": frozenset({"00743110157"}),
    "za_id": frozenset({"8001015009087", "7503305044089", "8503305044089"}),
    "cn_ric": frozenset({"11010519491231002X", "360426199101010071"}),
    "us_aba": frozenset({"021000021", "111000025", "110000000"}),
    "us_mbi": frozenset({"1EG4TE5MK72", "1EG4TE5MK73"}),
    "iban": frozenset(
        (
            "DE89370400440532013000 GB29NWBK60161331926819 GB82WEST12345698765432"
            " GB33BUKB20201555555555 FR1420041010050500013M02606 FR7630006000011234567890189"
            " ES9121000418450200051332 ES7921000813610123456789 IT60X0542811101000000123456"
            " NL91ABNA0417164300 NL02ABNA0123456789 BE68539007547034 BE71096123456769"
            " CH9300762011623852957 CH5604835012345678009 AT611904300234573201"
            " AT483200000012345864 PL61109010140000071219812874 PL10105000997603123456789123"
            " PT50000201231234567890154 SE4550000000058398257466 SE7280000810340009783242"
            " NO9386011117947 NO8330001234567 FI2112345600000785 FI1410093000123458"
            " DK5000400440116243 DK9520000123456789 IE29AIBK93115212345678 IE64IRCE92050112345678"
            " LU280019400644750000 RO49AAAA1B31007593840000 DE75512108001245126199"
            " DE91100000000123456789 SA0380000000608010167519 TR330006100519786457841326"
            " IL620108000000099999999 MT84MALT011000012345MTLCAST001S GR1601101250000000012300695"
        ).split()
    ),
}
_FICTION: dict[str, tuple[str, ...]] = {
    "1": ("55501",),
    "44": (
        *("1134960", "1144960", "1154960", "1164960", "1174960", "1184960", "1214960", "1314960"),
        *("1414960", "1514960", "1614960", "1914980", "1632960", "2079460", "2896496", "2920180"),
        *("7700900", "8081570", "9098790", "3069990"),
    ),
    "49": ("3023125", "6990009", "4066969", "2214710", "8999998"),
    "33": ("19900", "26191", "35301", "46571", "53649", "63998"),
    "46": ("3139006", "4062804", "846500", "9803192", "7017406"),
    "61": ("491570006", "491570156", "491570157", "491570158", "491570159", "491570110"),
}
"""Beginnings of numbers, behind each country's code, that its regulator keeps for films and books:
NANPA, Ofcom, Bundesnetzagentur, ARCEP, PTS, ACMA."""
_LONG_BEGINNING = 6
_WRITTEN_AT_HOME = tuple(
    beginning
    for beginnings in _FICTION.values()
    for beginning in beginnings
    if len(beginning) >= _LONG_BEGINNING
)
"""Behind a 0: shorter ones would be somebody's elsewhere."""
_AREA = 3


def is_test_value(kind: str, value: str) -> bool:
    """Return True when a normal form is a published example."""
    if kind == "email":
        domain = value.rpartition("@")[2]
        return domain in _EXAMPLE_DOMAINS or domain.endswith(_EXAMPLE_ENDINGS)
    if kind == "phone":
        return _is_fiction(value)
    return value in _VALUES.get(kind, ())


def _is_fiction(number: str) -> bool:
    """Return True for a telephone number that nobody is ever given, written with or without its
    country.
    """
    digits = number.lstrip("+")
    local = digits.removeprefix("1")[-10:]
    if local[-7:].startswith(_FICTION["1"]) and len(local) in {7, 7 + _AREA}:
        return digits[:1] != "0" and (number[:1] != "+" or number.startswith("+1"))
    if number[:1] != "+":
        return number[:1] == "0" and number[1:].startswith(_WRITTEN_AT_HOME)
    for code, beginnings in _FICTION.items():
        if digits.startswith(code):
            return digits[len(code) :].startswith(beginnings)
    return False
