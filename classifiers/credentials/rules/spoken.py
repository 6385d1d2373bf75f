"""Secrets that people tell in a sentence, in eight languages: `the password for the staging db:
…`, `use … as the API key`.
"""

from operator import ne

from classifiers.credentials.rules.generic import judge_key, judge_password
from classifiers.credentials.rules.rule import Candidate, Rule, Verdict
from core.findings import Confidence

_NOUN = (
    r"(?:pass ?words?|pass ?phrase|pass ?code|passwort|kennwort|zugangsdaten|mot de passe|mdp"
    r"|contrase.{1,2}a|clave(?: de acceso)?|senha|palavra[ -]passe|parola d'ordine|wachtwoord"
    r"|has.{1,2}o|has.{1,2}em|login credentials?|creds|pwd|passwd)"
)
"""Words for a password. Letters outside ASCII are one or two of any: texts come in both forms."""
_KEY_NOUN = (
    r"(?:api[ _-]?(?:key|token|secret)|access[ _-]?(?:key|token)|auth[ _-]?(?:key|token)|secret"
    r"[ _-]key|token|api[ -]?schl.{1,2}ssel|zugangsschl.{1,2}ssel|cl.{1,2} (?:d'api|api)"
    r"|clave (?:de )?api|chave (?:de |da )?api|chiave api|api[ -]?sleutel|klucz(?:a|em)? api)"
)
_FOR = (
    r"(?:[ \t]{1,2}(?:for|of|on|to|from|f.{1,2}r|von|vom|zum|zur|des|der|im|de|du|del|della|dello|di"
    r"|per|pour|para|do|da|no|na|van|voor|dla|od|z)[ \t]{1,2}[^\s:=][^\n:=]{0,60}?)?"
)
_IS = (
    r"[\"'*`]{0,3}(?:\s{0,2}(?::|=|->|\xe2\x86\x92)\s{0,2}|[ \t]{1,2}(?:is|was|lautet|ist|hei.{1,2}t|"
    r"est|es|\xc3\xa8|\xc3\xa9|e\x27|jest|brzmi|wynosi)(?:[ \t]{0,2}:)?[ \t]{1,2}(?:now |jetzt |currently |set to )?)"
)
_BEFORE = r"(?:^|[^\w.-])"
_NAMED = rf"(?:{_BEFORE}{_NOUN}|[A-Za-z]-(?:pass ?words?|passwort|kennwort|wachtwoord))"
"""A word for a password, which may be the last of several, as in `WLAN-Passwort`; not the names of
fields that programs make so, as `ice-pwd`.
"""
_BECAME = (
    r"[ \t]{1,2}(?:was|is|got|has been|had been|is now|a \S{1,3}t\S{1,2}|se ha|se|fue|ha sido|foi"
    r"|\S{1,2} stata|werd|wurde|zosta.{1,2}o)(?:[ \t]{1,2}[a-z]{2,12})?[ \t]{1,2}"
)
"""What says that a password became another, up to the word for the change."""
_CHANGED = (
    r"(?:changed|re-?set|set|updated|rotated|switched|chang\S{1,2}|remplac\S{1,2}|modifi\S{1,2}"
    r"|r\S{1,2}initialis\S{1,2}|cambi\S{1,2}|cambiad[oa]|alterad[oa]|mudad[oa]|trocad[oa]"
    r"|redefinid[oa]|cambiata|modificata|reimpostata|gewijzigd|veranderd|aangepast|gezet"
    r"|zmienione|ustawione|zresetowane)[ \t]{1,2}"
)
_ASIDE = r"(?:[ \t]\([^()\n]{1,30}\))?"
_OPEN, _CLOSE = r"[\"'`*(\[<]{0,3}", r"(?:[\s\"'`*)\]>,;]|$)"
_PASSWORD = r"([^\s\"'`<>,;]{6,80})"  # noqa: S105 - a pattern
_CHOSEN = r"([^\s\"'`<>,;]{0,60}[0-9][^\s\"'`<>,;]{0,60})"
_KEY = r"([A-Za-z0-9_\-.~+/=]{16,200})"


_ACCOUNT = (
    r"(?:creds?|credentials?|log ?in|logon|zugang(?:sdaten)?|anmeldung|identifiants|acc.{1,2}s"
    r"|credenziali|accesso|credenciales|acceso|credenciais|acesso|inlog(?:gegevens)?"
    r"|dane logowania|logowanie|user(?: ?name)?|benutzer|utilisateur|usuario|utente|gebruiker"
    r"|konto|account)"
)
"""Words before a name and its password that one sign parts."""
_SIGNS = frozenset("!#$%^&*?~|\u00a7")
"""Signs that people put into passwords, and that no name of a thing has between letters."""
_OPENS_OTHER = ("$", "%", "&", "@", "#", "/", "-", "~", "*", "=", "+")
_HOLDS_OTHER = frozenset("{}[]<>()\\/:")
_WEAK = {"@": "@"}
"""Signs that addresses have as well."""
_SHORTEST, _LONGEST = 8, 64
_FEW, _MANY = 3, 4


def is_chosen(value: str) -> bool:
    """True for what looks like a password by itself, with nothing but the word before it.

    Three of small letters, capitals, digits and signs, one of them a sign; without one, letters
    and digits that change their kind with nearly every character: `Windows11`, `SHA-256`,
    `OAuth2` and `PBKDF2` are names.
    """
    if not _SHORTEST <= len(value) <= _LONGEST or not _HOLDS_OTHER.isdisjoint(value):
        return False
    if not any(map(str.isdigit, value)) or not any(map(str.isalpha, value)):
        return False
    kinds = [_kind(char) for char in value]
    found = set(kinds)
    if "!" in found:
        least = _MANY if value.startswith(_OPENS_OTHER) or "=" in value else _FEW
        return len(found - {"_"}) >= least
    least = _MANY if "@" in found else _FEW
    changes = sum(map(ne, kinds, kinds[1:]))
    return len(found - {"_"}) >= least and (changes * 2 >= len(value) or "@" in found)


def _kind(char: str) -> str:
    if char.isdigit():
        return "0"
    if char.isalpha():
        return "a" if char.islower() else "A"
    return "!" if char in _SIGNS else _WEAK.get(char, "_")


def _alone(candidate: Candidate) -> Verdict:
    """Judge what follows the word for a password at once: it must look like one by itself."""
    value = candidate.value.rstrip(".?)")
    if not is_chosen(value):
        return Verdict(rejected="a word of the sentence")
    return _judged(candidate, value)


def _told(candidate: Candidate) -> Verdict:
    """Judge a word of a sentence: it must have a digit, and a letter or a sign."""
    value = candidate.value.rstrip(".!?)")
    if not any(map(str.isdigit, value)) or value.isdigit():
        return Verdict(rejected="a word of the sentence")
    return _judged(candidate, value)


def _judged(candidate: Candidate, value: str) -> Verdict:
    verdict = judge_password(candidate._replace(value=value, name="password", whole=True))
    if verdict.rejected is not None:
        return verdict
    span = candidate.start, candidate.start + len(value)
    return verdict._replace(value=value, span=span)


def _told_key(candidate: Candidate) -> Verdict:
    value = candidate.value.rstrip(".")
    verdict = judge_key(candidate._replace(value=value, name="api_key"))
    if verdict.rejected is not None:
        return verdict
    return verdict._replace(value=value, span=(candidate.start, candidate.start + len(value)))


_CHECKS = {False: _told, True: _alone}


def _spoken(pattern: str, *, key: bool = False, alone: bool = False, before: str = "") -> Rule:
    """Return the rule.

    `alone`: nothing but the word says that it is a password. `before`: words that stand in front
    and begin everywhere in ordinary texts; Vectorscan looks for the pattern alone, for they would
    take it more time than all other rules.
    """
    return Rule(
        name="generic-api-key" if key else "generic-password",
        rank=0,
        confidence=Confidence.LIKELY,
        check=_told_key if key else _CHECKS[alone],
        pattern=pattern,
        confirm=before + pattern if before else None,
    )


SPOKEN: tuple[Rule, ...] = (
    _spoken(rf"(?i:{_NAMED}{_FOR}{_ASIDE}{_IS}){_OPEN}{_PASSWORD}{_CLOSE}"),
    _spoken(
        rf"(?i:{_NAMED}{_FOR}{_BECAME}{_CHANGED}(?:to|par|pour|a|por|para|naar)[ \t]{{1,2}})"
        rf"{_OPEN}{_PASSWORD}{_CLOSE}"
    ),
    _spoken(
        rf"(?i:{_NAMED}{_FOR}{_BECAME}{_CHANGED}(?:en|in|na)[ \t]{{1,2}})"
        rf"{_OPEN}{_CHOSEN}{_CLOSE}",
        alone=True,
    ),
    _spoken(
        rf"(?i:(?:{_BEFORE}|[A-Za-z]-)(?:passwort|kennwort){_FOR}[ \t]{{1,2}}(?:wurde|wird|ist|habe ich)"
        rf"(?:[ \t]{{1,2}}\S{{2,12}})?[ \t]{{1,2}}auf[ \t]{{1,2}}){_OPEN}{_PASSWORD}[\"'`*)\]]{{0,3}}"
        r"(?i:[ \t]{1,2}(?:ge.{1,2}ndert|gesetzt|zur.{1,2}ckgesetzt|umgestellt))"
    ),
    _spoken(
        rf"(?i:\bals (?:passwort|kennwort)[ \t]{{1,2}}(?:nimm|nimmst|nehmen|verwende|verwendest|benutze|gilt"
        rf"|dient)(?:[ \t]{{1,2}}(?:du|sie|bitte|einfach))?[ \t]{{1,2}}){_OPEN}{_PASSWORD}{_CLOSE}"
    ),
    _spoken(rf"(?i:{_BEFORE}has.{{1,2}}o{_FOR}[ \t]to[ \t]){_OPEN}{_PASSWORD}{_CLOSE}"),
    _spoken(rf"(?i:{_BEFORE}{_KEY_NOUN}{_FOR}{_IS}){_OPEN}{_KEY}{_CLOSE}", key=True),
    _spoken(
        rf"(?i:\b(?:use|using|with|try|enter|needs?|nimm|benutze|verwende|mit|utilise[rz]?|avec|usa|use"
        rf"|con|com|met|utilizza|gebruik|u.{{1,2}}yj)[ \t]{{1,2}}){_OPEN}{_PASSWORD}[\"'`*)\]]{{0,3}}"
        rf"(?i:[ \t]{{1,2}}(?:as|als|comme|como|come|jako)[ \t]{{1,2}}(?:the |your |my |das |la |le |o |a |het )?"
        rf"(?:{_NOUN}|has[^ \x00-\x7f]{{1,2}}a))"
    ),
    _spoken(
        rf"(?i:\b(?:use|using|with|try|enter|set|nimm|benutze|verwende|utilise[rz]?|usa|utilizza"
        rf"|gebruik)[ \t]{{1,2}}){_OPEN}{_KEY}[\"'`*)\]]{{0,3}}"
        rf"(?i:[ \t]{{1,2}}(?:as|als|comme|como|come|jako)[ \t]{{1,2}}(?:the |your |my |den |la |le |o |a |de )?"
        rf"[a-z]{{0,20}}[ \t]?{_KEY_NOUN})",
        key=True,
    ),
    _spoken(
        rf"(?i:{_NOUN}{_FOR}[ \t]{{1,2}}(?:to|auf|a|en|em|op|na|.{{1,2}})[ \t]{{1,2}})"
        rf"{_OPEN}{_PASSWORD}{_CLOSE}",
        before=(
            r"(?i:\b(?:set|changed?|reset|updated?|put|setze|ge.{1,2}ndert|fijar|cambi\w{1,4}|mis)"
            r"[ \t]{1,2}[^\n:=]{0,40}?)"
        ),
    ),
    _spoken(
        rf"(?i:\bset[ \t]{{1,2}}[\w.-]{{0,40}}(?:key|token|secret)[ \t]{{1,2}}to[ \t]{{1,2}}){_OPEN}{_KEY}{_CLOSE}",
        key=True,
    ),
    _spoken(
        rf"(?i:\b(?:log ?in|logon|sign in|anmelden|einloggen|connexion|acceso|login):?[ \t]{{1,2}}(?:with|as|mit|avec|con|com|met|using)?[ \t]{{0,2}}[\w.@-]{{2,60}}"
        rf"[ \t]{{0,2}}[/|][ \t]{{0,2}}){_OPEN}{_PASSWORD}{_CLOSE}"
    ),
    _spoken(
        rf"(?i:{_BEFORE}(?:{_NOUN}|pw|pass|ww){_FOR}:?[ \t]{{1,2}}){_OPEN}{_CHOSEN}{_CLOSE}",
        alone=True,
    ),
    _spoken(
        rf"(?i:{_BEFORE}(?:{_ACCOUNT}:?[ \t]{{1,2}}[\w.@-]{{2,60}}[ \t]{{0,2}}[/|:,][ \t]{{0,2}}"
        rf"|(?:admin|administrator|root)(?::| / |/))){_CHOSEN}{_CLOSE}",
        alone=True,
    ),
)
