"""Words by which addresses are known in running text, folded to lower case: streets, parts of
houses, post boxes, and what is said before an address. In the eight languages of the house, and the
commonest street words of their neighbours.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STREET_LAST = _words(
    "street st road rd avenue ave av lane ln drive dr boulevard blvd court ct way place pl square"
    " sq terrace ter crescent cres close gardens parkway pkwy highway hwy circle cir trail trl row"
    " grove mews alley loop plaza quay wharf rise walk turnpike causeway broadway expressway hill"
    " point pt crossing xing heights ridge run path pike esplanade parade"
    # words that stand after their name in other languages
    " allee weg platz ring damm ufer gasse chaussee promenade steig graben markt straat laan plein"
    " gracht kade dijk singel straße strasse str gatan gata vägen väg gränd vej gade gate vei"
    " veien katu tie kuja polku utca út útja tér körút tere krt u rkp sokak sok caddesi cad"
    " bulvarı mah ulica ulice náměstí třída"
)
"""`12 Main Street`, `Frankfurter Allee 12`, `Erzsébet tér 19`."""
SMALL_LAST = _words("utca út útja tér körút krt u rkp ulice ulica náměstí třída sokak")
"""Of these, which are written small."""
UNSURE_LAST = _words(
    "court ct way place pl square sq close circle loop plaza rise walk row hill point run path pike"
    " u parade ring markt drive dr trail crossing ridge heights st av ter gate tie ct cir tere"
    " cad mah row grove terrace run graben steig promenade gardens"
)
"""Of these, which mean other things as well: something else must say that it is an address."""
STREET_FIRST = _words(
    "rue avenue boulevard allée chemin impasse quai cours passage ruelle faubourg"
    " calle avenida avda paseo plaza camino carretera ronda travesía rambla callejón"
    " rua praça largo travessa estrada alameda rodovia calçada"
    " via viale piazza piazzale corso vicolo strada contrada borgo lungomare"
    " ul ulica al aleja aleje pl plac os osiedle ulitsa"
    " strada bulevardul calea şoseaua"
)
"""`12 rue de la Paix`, `Calle Mayor, 5`, `Via Roma 3`, `ul. Długa 4/7`."""
STREET_ENDINGS = (
    *("straße", "strasse", "straat", "strase", "gasse", "weg", "platz", "allee", "damm", "ufer"),
    *("laan", "gracht", "kade", "plein", "singel", "dijk", "gatan", "vägen", "gränd", "vej"),
    *("gade", "veien", "vegen", "gata", "katu", "kuja", "polku", "tie", "chaussee", "ring", "str"),
    *("stieg", "steig", "graben", "markt", "väg", "allé", "torg", "torget"),
)
"""`Hauptstraße 12`, `Koskikatu 25`."""
BEFORE_NAMES = _words(
    "am an im in zum zur auf unter bei der den dem de la le les du des del los las do da dos das"
    " della delle dei degli di van het ter ten ’s und y e i l d saint sainte st san santa são"
)
"""Small words inside the name of a street."""
ARTICLES = _words(
    "the this that our your my die der das den dem eine einer la le les el los il lo un une una een"
    " het in on at to from and und et y e"
)
"""No street's name begins with one of these."""
UNITS = _words(
    "apt apartment suite box ste flat unit floor room building bldg block tower door lot space"
    " wohnung whg etage stock haus appt appartement bâtiment étage escalier piso puerta portal"
    " planta escalera esc izq dcha andar apto bloco sala lote interno scala int piano palazzina"
    " lok lokal mieszkanie m bus appartement verdieping hus lgh"
)
BOXES = (
    "po box",
    "p.o. box",
    "post office box",
    "postfach",
    "boîte postale",
    "apartado",
    "caixa postal",
    "casella postale",
    "postbus",
    "skrytka pocztowa",
    "psc",
    "apdo",
    "box",
)
"""Before a number."""
CUES = (
    *("lives at", "live at", "living at", "address", "ship to", "deliver to", "delivered to"),
    *(
        "located at",
        "residing at",
        "resides at",
        "located in",
        "moved to",
        "our office",
        "visit us",
    ),
    *("find us at", "mail to", "send it to", "sent to", "wohnt in", "wohnhaft", "adresse"),
    *(
        "anschrift",
        "wohnort",
        "habite",
        "demeurant",
        "domicili",
        "réside",
        "dirección",
        "direccion",
    ),
    *("domicilio", "vive en", "reside en", "morada", "endereço", "endereco", "mora na", "mora em"),
    *("indirizzo", "abita in", "residente", "adres", "woont", "woonachtig", "mieszka", "zamieszka"),
    *("zameldowan", "postcode", "zip code", "postal code", "billing", "shipping"),
)
"""What is said shortly before an address."""
STATES = _words(
    "al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm"
    " ny nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy dc nsw vic qld wa sa tas act nt on"
    " qc bc ab mb sk ns nb nl pe"
)
