"""Words that say that a number near them is called: stems in many languages."""

import re
from collections.abc import Callable
from enum import Enum

from classifiers.codecs.linear import holding, ready

LEFT = 48
"""Characters before a number in which a word counts."""


class Hint(Enum):
    """How much a word says."""

    STRONG = "strong"
    """Calling and being reached: any number that some country has."""
    FAINT = "faint"
    """A number, without saying of what: only one that is written as a phone is."""


_STRONG = r"""
texted call calls called calling phone phoned ring rings dial dialled dialed reach reachable sms whatsapp
telegram viber mobile cell hotline callback voicemail fax tel telephone landline handset
anruf anrufen anzurufen angerufen anrufe ruf rufe rufen r[u\xfc]ckruf erreich erreichen erreichbar erreichst
telefon telefonisch telefoniert handy mobil mobilnummer durchwahl festnetz melde melden w[a\xe4]hlen
appeler appelez appelle appelez appel rappeler rappelez rappel joindre joignable t[e\xe9]l[e\xe9]phone
t[e\xe9]l[e\xe9]phonez portable composez contacter contactez
llamar llame llama llamada ll[a\xe1]mame llamen tel[e\xe9]fono tel[e\xe9]fonos m[o\xf3]vil celular marque
contactar cont[a\xe1]ctame
ligar ligue liga ligou liguem telefone telefonar telem[o\xf3]vel telefonema chame contatar contacte contato
chiamare chiama chiami chiamate chiamata chiamami telefono telefonare telefonate cellulare richiamare
contattare contattami
bel bellen belt gebeld terugbellen bereikbaar bereiken telefoonnummer telefoon mobiel telefonisch
dzwoni zadzwoni zadzwo telefonu telefonicznie kom[o\xf3]rka kom[o\xf3]rk telefoniczny
ring ringe ringa mobilen telefonen n[a\xe5]s soita soittaa puhelin puhelimitse tavoittaa
volejte zavolejte zavolat volat telefonicky mobilu zavolaj zavolajte volajte h[i\xed]vja h[i\xed]vjon
telefonsz[a\xe1]m suna sunati apelati nazovite zvati poklicite arayin ara aray telefonla hubungi
telepon goi dien thoai rufnummer kontakt kontaktieren ringen contact
"""
_FAINT = r"number numbers numero n[u\xfa]mero num[e\xe9]ro nummer nr nro numer cislo nomor"
_TAIL = 28
"""Characters before a number in which its name stands."""
_STEM = 5
"""Letters from which on a word may go on: `contact`, `contactarlo`."""
_POINTING = frozenset(
    "on at under unter auf au al a en em op pod na på till til per is ist es est el le lo "
    "nr é è no".split()
)
_NOUNS = frozenset({"text", "contact", "mobile", "signal"})
_PRONOUNS = frozenset("me him her them us back mich ihn sie uns moi".split())


type _Told = Callable[[bytes], bool]


@ready
def _patterns() -> tuple[_Told, _Told]:
    """Return what tells whether a word of either kind stands in a text."""
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.case_sensitive = False
    begin, end = r"(?:^|[^A-Za-z\xc0-\xff])", r"(?:[^A-Za-z\xc0-\xff]|$)"
    words = dict.fromkeys(_STRONG.split())
    whole = "|".join(word for word in words if len(word) < _STEM)
    stems = "|".join(word for word in words if len(word) >= _STEM)
    strong = rf"{begin}(?:(?:{whole}){end}|(?:{stems})[a-z\xc0-\xff]{{0,6}})"
    faint = rf"{begin}(?:{'|'.join(_FAINT.split())}){end}"
    return (
        holding(re2.compile(strong.encode("latin-1"), options)),
        holding(re2.compile(faint.encode("latin-1"), options)),
    )


def _two_bytes(word: str) -> str:
    """Return the word with what may be an accented letter as one or two bytes of any kind."""
    while "[" in word:
        before, _, rest = word.partition("[")
        word = f"{before}.{{1,2}}{rest.partition(']')[2]}"
    return word


def in_utf8() -> bytes:
    """Return a pattern for all words, in texts as they travel: accented letters are two bytes."""
    words = dict.fromkeys((*_STRONG.split(), *_FAINT.split()))
    spelled = {word: _two_bytes(word) for word in words}
    whole = "|".join(form for word, form in spelled.items() if len(word) < _STEM)
    stems = "|".join(form for word, form in spelled.items() if len(word) >= _STEM)
    return rf"(?i:(?:^|[^a-z])(?:(?:{whole})[^a-z]|(?:{stems})[a-z]{{0,6}}))".encode("ascii")


def strength(left: str) -> Hint | None:
    """Return what the words before a number say of it; a line or another sentence is far away."""
    before = _nearest(left).encode("latin-1", "replace")
    strong, faint = _patterns()
    if strong(before):
        return Hint.STRONG
    return Hint.FAINT if faint(before) else None


def _nearest(left: str) -> str:
    """Return the last sentence of the text before a number."""
    for end in ("\n", "? ", "! "):
        left = left.rpartition(end)[2]
    pieces = re.split(r"(?<=[a-z]{4})\. ", left) if ". " in left else [left]
    return pieces[-1]


_OF_A_THING = re.compile(r"([A-Za-z]{1,20})\.?[-.] ?n(?:r|o|um)\.?[: ]{0,3}\Z", re.IGNORECASE)


def is_of_a_thing(left: str) -> bool:
    """True behind a number's name that is joined to what it counts, such as `Art.-Nr.:`."""
    match = _OF_A_THING.search(left[-_TAIL:])
    return match is not None and not _patterns()[0](match[1].encode("latin-1", "replace"))


def points_at(left: str) -> bool:
    """True when the word just before a number leads to it: `on`, `unter`, `al`, or a colon behind a
    word of calling.
    """
    words = left.rstrip(" :(").split()
    if not words:
        return False
    last = words[-1].lower().strip("(:,")
    if last in _POINTING or last in _PRONOUNS:
        return True
    if last in _NOUNS:
        return False
    near = words[-3:] if left.rstrip().endswith(":") else words[-1:]
    return _patterns()[0](" ".join(near).encode("latin-1", "replace"))
