"""Names of months: in full, as a date bends them, and cut short, in the languages of the tables."""

import unicodedata

_SHORT_AND_LONG = """
january february march april may june july august september october november december
jan feb mar apr - jun jul aug sep|sept oct nov dec
januar februar maerz|marz - mai juni juli august september oktober november dezember
janner feber mrz - - - - - - okt - dez
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre
janv fev|fevr - avr - - juil aou - - - -
enero febrero marzo abril mayo junio julio agosto septiembre|setiembre octubre noviembre diciembre
ene - - abr - - - ago set - - dic
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
gen febb - - mag giu lug - sett ott - -
januari februari maart april mei juni juli augustus september oktober november december
- - mrt - - - - - - - - -
janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro
- - - - - - - - - out - -
styczen luty marzec kwiecien maj czerwiec lipiec sierpien wrzesien pazdziernik listopad grudzien
stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia
sty lut - kwi - cze lip sie wrz paz lis gru
"""
LONGEST_MONTH = 12
"""Letters of the longest name."""
_NUMBERS = {
    name: number
    for line in _SHORT_AND_LONG.strip().splitlines()
    for number, names in enumerate(line.split(), 1)
    for name in names.split("|")
    if name != "-"
}


def month_number(name: str) -> int:
    """Return 1 to 12 for the name of a month in any case, with or without its accents and its
    point; 0 for another word.
    """
    lowered = name.lower().rstrip(".")
    if not lowered.isascii():
        parted = unicodedata.normalize("NFKD", lowered)
        lowered = "".join(sign for sign in parted if not unicodedata.combining(sign))
    return _NUMBERS.get(lowered, 0)
