"""Addresses in sentences, by their words: what is one in eight languages, what only looks so."""

import pytest
from cpu_time import too_dear
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.personal.prose.addresses import addresses_in
from examples import most

ADDRESSES = [
    ("Send it to 221B Baker Street, London NW1 6XE.", "221B Baker Street, London NW1 6XE"),
    ("Our client lives at 4 Elm Close, Apt 5, Leeds LS1 4DY now.", "4 Elm Close, Apt 5, Leeds"),
    (
        "She moved to 1600 Pennsylvania Avenue NW, Washington, DC 20500 in May.",
        "1600 Pennsylvania Avenue NW, Washington, DC 20500",
    ),
    ("Write to P.O. Box 1234, Springfield, IL 62701, please.", "P.O. Box 1234, Springfield"),
    (
        "Er wohnt in der Hauptstraße 12a, 80331 München, seit 2019.",
        "Hauptstraße 12a, 80331 München",
    ),
    ("Die Lieferung geht an Am Alten Markt 7, 14467 Potsdam.", "Am Alten Markt 7, 14467 Potsdam"),
    ("Unsere Praxis: Frankfurter Allee 110, 10247 Berlin", "Frankfurter Allee 110, 10247 Berlin"),
    ("Bitte an Postfach 10 20 30, 70020 Stuttgart senden.", "Postfach 10 20 30, 70020 Stuttgart"),
    ("J'habite au 12 bis, rue des Lilas, 75011 Paris depuis mars.", "rue des Lilas"),
    ("Livrez au 8 avenue Jean Jaurès, 69007 Lyon, merci.", "8 avenue Jean Jaurès, 69007 Lyon"),
    ("Vive en Calle Mayor, 15, 28013 Madrid con su hija.", "Calle Mayor, 15, 28013 Madrid"),
    (
        "Envíalo a la Avenida de la Constitución 3, Sevilla.",
        "Avenida de la Constitución 3, Sevilla",
    ),
    ("A encomenda vai para a Rua Augusta, 274, Lisboa.", "Rua Augusta, 274, Lisboa"),
    ("Moro na Avenida Paulista 1578, São Paulo.", "Avenida Paulista 1578, São Paulo"),
    ("Il paziente abita in Via Garibaldi 22, 20121 Milano.", "Via Garibaldi 22, 20121 Milano"),
    ("Spedire in Piazza della Repubblica 4, Firenze.", "Piazza della Repubblica 4, Firenze"),
    (
        "Zij woont op de Prinsengracht 263, 1016 GV Amsterdam.",
        "Prinsengracht 263, 1016 GV Amsterdam",
    ),
    ("Stuur het naar Kerkstraat 5-2, 3511 KC Utrecht.", "Kerkstraat 5-2, 3511 KC Utrecht"),
    ("Pacjent mieszka przy ul. Długa 4/7, 00-238 Warszawa.", "ul. Długa 4/7, 00-238 Warszawa"),
    ("Proszę wysłać na al. Jana Pawła II 12, Kraków.", "al. Jana Pawła"),
    ("Hun bor i Vestergade 14, 8000 Aarhus.", "Vestergade 14, 8000 Aarhus"),
    (
        "Hän asuu osoitteessa Mannerheimintie 5, 00100 Helsinki.",
        "Mannerheimintie 5, 00100 Helsinki",
    ),
    ("Paket till Storgatan 9, 111 51 Stockholm.", "Storgatan 9, 111 51 Stockholm"),
    ("Címe: Kossuth Lajos utca 8, 1053 Budapest.", "Kossuth Lajos utca 8"),
]
NONE = [
    "In 1987 Supreme Court judges met in Washington, DC to decide.",
    "Take the train via US53 and leave at 42.",
    "There are 10 Way points and 3 Drive bays in Release 4.",
    "Sprint 12, Team Blue: 40 Points done, 7 Open.",
    "We read 5 Park reports in 2024; Chapter 3, Section 2 was best.",
    "HTTP/1.1 200 OK\nContent-Length: 4096\nServer: nginx/1.25.3",
    "Python 3, 2024 Release and Windows 11, 23H2 Update.",
    "for street in streets: total += 12  # Main loop",
    "The price is 1200 EUR, delivery on 5 May, 2026 in Room mode.",
    "Boeing 737 and Airbus 320, London to Paris in 2 hours.",
    "Figure 4 Square root of 16, Table 5 Ring buffers.",
    "Version 2 Road map: Street View 3, Drive 1, Court 9",
    "La rue est longue et la via maestra anche.",
    "Die Straße 5 Kilometer weiter ist gesperrt.",
]


@pytest.mark.parametrize(("text", "address"), ADDRESSES, ids=[a for _, a in ADDRESSES])
def test_an_address_in_a_sentence_is_found(text: str, address: str) -> None:
    """One address, with its house, street, postcode and town, and nothing of the sentence."""
    (found,) = addresses_in(text)
    assert address in text[found.start : found.end]
    assert found.end - found.start <= len(address) + 22


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_an_address_is_none(text: str) -> None:
    """Numbers beside capitals are everywhere: courts, versions, bays and figures are no address."""
    assert [text[one.start : one.end] for one in addresses_in(text)] == []


@given(
    st.lists(
        st.sampled_from("12 Main Street rue de la Via 5, Apt Allee . \n Am 80331 é".split(" "))
    )
)
@settings(max_examples=most(60))
def test_addresses_stand_in_order_and_apart(words: list[str]) -> None:
    """Whatever stands in a text: spans are inside it, do not overlap, and are in order."""
    text, before = " ".join(words), 0
    for one in addresses_in(text):
        assert before <= one.start < one.end <= len(text)
        before = one.end


@pytest.mark.parametrize(
    "unit", ["12 Main Street ", "Am ", "1 A ", "rue de ", "Po Box ", "Apt 1, ", "u 1 "]
)
def test_no_text_makes_the_search_slow(unit: str) -> None:
    """Four times the text takes about four times as long."""

    def search(size: int) -> object:
        return addresses_in(unit * (size // len(unit)))

    assert too_dear(search, 32_000, growth=10, most_s=3) is None
