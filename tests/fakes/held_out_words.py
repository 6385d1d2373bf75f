"""The words of `held_out_values` in eight languages: labels long and short, sentences, people."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How a language names what is written of people."""

    name: str
    born: str
    born_short: str
    born_key: str
    street: str
    street_short: str
    phone: str
    phone_short: str
    email: str
    diagnosis: str
    diagnosis_short: str
    disease: str
    sentence: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What people of a country have."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    login: str
    phone: str
    code: str
    streets: tuple[str, ...]
    towns: tuple[str, ...]


def _words(text: str) -> Words:
    fields = [line.strip() for line in text.strip().splitlines()]
    return Words(**dict(zip(Words.__dataclass_fields__, fields, strict=True)))


WORDS = {
    "en": _words(
        """Full name
        Date of birth
        D.O.B.
        birth
        Home address
        Addr.
        Telephone
        Tel. no.
        E-mail
        Diagnosis
        Dx
        type 2 diabetes
        The applicant was born on {day}; write to {email}, call {phone}, and refund to {iban}.
        Patient (DOB {day}, MRN {record}) was admitted with type 2 diabetes."""
    ),
    "de": _words(
        """Vor- und Zuname
        Geburtsdatum
        Geb.-Dat.
        geburt
        Wohnanschrift
        Adr.
        Telefon
        Tel.-Nr.
        E-Mail
        Diagnose
        Diagn.
        Diabetes mellitus
        Der Antragsteller, geboren am {day}, ist unter {email} und Tel. {phone} erreichbar; Konto {iban}.
        Patient, geb. {day}, Patientennummer {record}, Diagnose: Diabetes mellitus, wurde entlassen."""
    ),
    "fr": _words(
        """Nom et prénom
        Date de naissance
        D.D.N.
        naissance
        Adresse du domicile
        Adr.
        Téléphone
        N° tél.
        Courriel
        Diagnostic
        Diag.
        diabète de type 2
        La requérante, née le {day}, est joignable à {email} ou par téléphone au {phone} ; remboursement sur {iban}.
        Patient né le {day}, numéro de dossier {record}, diagnostic : diabète de type 2, sorti ce jour."""
    ),
    "es": _words(
        """Nombre y apellidos
        Fecha de nacimiento
        F. Nac.
        nacimiento
        Domicilio
        Dir.
        Teléfono
        Tfno.
        Correo electrónico
        Diagnóstico
        Dx.
        diabetes tipo 2
        La solicitante, nacida el {day}, escribe desde {email}, su teléfono es {phone} y su cuenta {iban}.
        Paciente, fecha de nacimiento {day}, historia clínica {record}, diagnóstico: diabetes tipo 2."""
    ),
    "pt": _words(
        """Nome completo
        Data de nascimento
        D.N.
        nascimento
        Morada
        End.
        Telefone
        Tel. n.º
        Correio eletrónico
        Diagnóstico
        Diag.
        diabetes tipo 2
        A requerente, nascida em {day}, escreve de {email}, o telefone é {phone} e a conta {iban}.
        Paciente, data de nascimento {day}, número de processo {record}, diagnóstico: diabetes tipo 2."""
    ),
    "it": _words(
        """Nome e cognome
        Data di nascita
        D. nasc.
        nascita
        Indirizzo di residenza
        Ind.
        Telefono
        N. tel.
        Posta elettronica
        Diagnosi
        Diagn.
        diabete di tipo 2
        La richiedente, nata il {day}, scrive da {email}, telefono {phone}, conto {iban}.
        Paziente, data di nascita {day}, cartella clinica {record}, diagnosi: diabete di tipo 2."""
    ),
    "nl": _words(
        """Volledige naam
        Geboortedatum
        Geb. dat.
        geboorte
        Woonadres
        Adr.
        Telefoon
        Tel.nr.
        E-mailadres
        Diagnose
        Diagn.
        diabetes type 2
        De aanvrager, geboren op {day}, is bereikbaar via {email} en telefoon {phone}; rekening {iban}.
        Patiënt, geboortedatum {day}, patiëntnummer {record}, diagnose: diabetes type 2, naar huis."""
    ),
    "pl": _words(
        """Imię i nazwisko
        Data urodzenia
        Data ur.
        urodzenia
        Adres zamieszkania
        Adr.
        Telefon
        Nr tel.
        Adres e-mail
        Rozpoznanie
        Rozp.
        cukrzyca typu 2
        Wnioskodawczyni, urodzona {day}, pisze z {email}, telefon {phone}, konto {iban}.
        Pacjent, data urodzenia {day}, numer pacjenta {record}, rozpoznanie: cukrzyca typu 2."""
    ),
}


def _people(first: str, last: str, login: str, phone: str, code: str, where: str) -> People:
    streets, _, towns = where.partition("/")
    return People(
        first=tuple(first.split()),
        last=tuple(last.split()),
        login=login,
        phone=phone,
        code=code,
        streets=tuple(part.strip() for part in streets.split(";")),
        towns=tuple(part.strip() for part in towns.split(";")),
    )


PEOPLE = {
    "en": _people(
        "Alice Oliver Priya",
        "Hartley Okafor Whitcombe",
        "a.hartley",
        "07700 900{}",
        "44",
        "{} Maple Road; {} Kingsley Avenue/Leeds LS1 4AP; York YO10 5DD",
    ),
    "de": _people(
        "Anna Jürgen Svenja",
        "Schmidt Grünwald Behrens",
        "anna.schmidt",
        "030 4{}{}1",
        "49",
        "Lindenallee {}; Goethestr. {}/10115 Berlin; 50667 Köln",
    ),
    "fr": _people(
        "Chloé Thierry Aurélie",
        "Lefèvre Moreau Besnard",
        "c.lefevre",
        "01 42 68 {1} {1}",
        "33",
        "{} rue des Lilas; {} avenue Foch/75011 Paris; 69003 Lyon",
    ),
    "es": _people(
        "Lucía Álvaro Begoña",
        "Iglesias Núñez Ferrer",
        "lucia.iglesias",
        "612 {} 4{}",
        "34",
        "Calle Mayor {}; Avenida de la Paz {}/28013 Madrid; 41001 Sevilla",
    ),
    "pt": _people(
        "Inês Tiago Conceição",
        "Magalhães Figueira Prates",
        "ines.prates",
        "912 {} 4{}",
        "351",
        "Rua das Flores {}; Avenida da Liberdade {}/1250-096 Lisboa; 4000-123 Porto",
    ),
    "it": _people(
        "Chiara Matteo Beatrice",
        "Bellini Ferraro Tosi",
        "chiara.tosi",
        "347 {} 45{}",
        "39",
        "Via Garibaldi {}; Corso Italia {}/20121 Milano; 10121 Torino",
    ),
    "nl": _people(
        "Sanne Joost Marloes",
        "Vermeulen Dijkstra Hoekstra",
        "sanne.v",
        "06 2{}45{}",
        "31",
        "Keizersgracht {}; Dorpsstraat {}/1015 CJ Amsterdam; 3511 AB Utrecht",
    ),
    "pl": _people(
        "Zofia Paweł Grażyna",
        "Wiśniewska Zając Dąbrowska",
        "zofia.w",
        "601 {} 4{}",
        "48",
        "ul. Długa {}; ul. Słowackiego {}/00-238 Warszawa; 31-001 Kraków",
    ),
}
