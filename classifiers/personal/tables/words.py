"""Words that name other things than people, say nothing, or name somebody: what stands under a key
is judged by them.
"""

_NEGATIVE_WORDS_TEXT = """
order orders tracking shipment parcel invoice sku ean upc gtin asin isbn issn imei imsi iccid
serial barcode timestamp ts epoch time date created updated modified expires expiry expiration
version build commit sha sha1 sha256 md5 hash checksum digest uuid guid trace span request session
transaction txn tx ref reference batch counter count offset bytes size length port pid tid seq
sequence metric score price amount total balance quantity qty sum revenue cost latitude longitude
lat lon lng coord coordinates elevation duration latency nanos micros millis ns ms us usec msec
ticks snowflake shard partition cursor etag nonce seed salt token fingerprint signature hostname
contract wallet mac bind listen job task ticket case issue event message product item article part
lot model device asset node pod container image volume disk block cluster instance correlation
revision rev rowid index idx row hits impressions clicks views width height dpi pixels weight
temperature voltage frequency cpu memory heap rss iops rpm throughput commande bestellung
bestellnummer auftrag auftragsnummer rechnung rechnungsnummer pedido factura fattura ordine
bestelling zamowienie faktura container_no doi arxiv pmid pmc patent
"""
NEGATIVE_WORDS = frozenset(_NEGATIVE_WORDS_TEXT.split())
"""Words that name something whose numbers are not personal."""

PAPER_WORDS = frozenset("invoice invoices order orders contract".split())
"""Those of them that name a paper, on which other numbers stand than its own."""

_NEUTRAL_WORDS_TEXT = """
value val values text content contents input output data body message messages msg note notes
comment comments description desc prompt query q question answer response summary title subject
detail details info string str field payload raw line body_text html markdown snippet excerpt
remark remarks memo narrative transcript arguments args reason result results chunk document
documents page completion instructions system user assistant parts part freetext free
"""
NEUTRAL_WORDS = frozenset(_NEUTRAL_WORDS_TEXT.split())
"""Words that say nothing about what stands under them."""

_PERSON_WORDS_TEXT = """
person people customer client patient employee staff user member contact recipient sender
beneficiary applicant insured guest passenger student teacher doctor physician owner tenant borrower
holder spouse father mother child children kin attendee candidate manager supervisor buyer seller
donor subscriber policyholder cardholder debtor creditor payee payer signatory resident citizen
claimant participant subject individual author kunde patientin mitarbeiter cliente paciente empleado
persona personne salarie dipendente paziente klant medewerker pacjent klient pracownik kunden kundin
patienten mitarbeiterin mitarbeiters versicherter versicherten schuler bewerber mieter clients
clientes clienti patiente patientes pacientes pazienti empleada empleados trabajador alumno titular
salariee salaries employe assure eleve titulaire funcionario funcionaria funcionarios colaborador
utente aluno dipendenti impiegato studente titolare assicurato intestatario klanten clienten
werknemer werknemers leerling huurder verzekerde klienta klienci pacjenta pracownika pracownicy
ucznia ubezpieczonego
"""
PERSON_WORDS = frozenset(_PERSON_WORDS_TEXT.split())
