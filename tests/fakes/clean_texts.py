"""Harmless things that people write and paste, made up from a seed: prose in eight languages, code,
markup, settings, and notations of trades.
"""

import random
import string
from collections.abc import Callable

type Make = Callable[[random.Random], str]

_NAMES = "total count index width offset limit level buffer state shape cursor weight".split()
_PROSE = (
    "The committee approved {n} projects in {y}; revenue rose by {p} % to {m} million.",
    "Section {n}.{k} applies, see pages {n}-{y}. Compare the results of run {k} with those of run {n}.",
    "We deployed build {y}{n} on port 80{k}0, and latency fell from {p} ms to {k} ms (p99).",
    "Der Ausschuss billigte {n} Vorhaben; der Umsatz stieg um {p} % auf {m} Millionen Euro.",
    "Die Änderung wurde am {k}. März {y} mit {n} Stimmen angenommen, siehe Seite {n} des Berichts.",
    "Le comité a approuvé {n} projets en {y} ; le chiffre d'affaires a augmenté de {p} %.",
    "L'article {n} s'applique dès la version {k}.{n}, voir le tableau {k} à la page {n}.",
    "El comité aprobó {n} proyectos en {y}; los ingresos subieron un {p} % hasta {m} millones.",
    "O comité aprovou {n} projetos em {y}; a receita subiu {p} % para {m} milhões.",
    "Il comitato ha approvato {n} progetti nel {y}; i ricavi sono saliti del {p} % a {m} milioni.",
    "De commissie keurde {n} projecten goed in {y}; de omzet steeg met {p} % tot {m} miljoen.",
    "Komitet zatwierdził {n} projektów w {y} roku; przychody wzrosły o {p} % do {m} milionów.",
    "委员会批准了{n}个项目，收入增长{p}%，达到{m}百万。",
    "委員会は{y}年に{n}件の計画を承認し、売上は{p}%増えた。",
    "Комитет одобрил {n} проектов; выручка выросла на {p} % до {m} миллионов.",
    "وافقت اللجنة على {n} مشروعا في عام {y}.",
)


def _prose(rng: random.Random) -> str:
    told = (
        one.format(
            n=rng.randint(2, 99),
            k=rng.randint(1, 9),
            y=rng.randint(2019, 2027),
            p=f"{rng.uniform(1, 90):.1f}",
            m=f"{rng.uniform(1, 900):.2f}",
        )
        for one in rng.sample(_PROSE, rng.randint(3, 8))
    )
    return " ".join(told)


def _name(rng: random.Random) -> str:
    return rng.choice(_NAMES)


def _python(rng: random.Random) -> str:
    made = [
        f"def {_name(rng)}_{_name(rng)}({_name(rng)}: int, *, {_name(rng)}=0x{rng.getrandbits(32):08x}):",
        f'    """Return the {_name(rng)} of a {_name(rng)}, in steps of {rng.randrange(999)}."""',
        f"    {_name(rng)} = [{', '.join(str(rng.randrange(256)) for _ in range(rng.randint(3, 20)))}]",
        f"    if {_name(rng)}[{rng.randrange(9)}] != '{_name(rng)}\\n' and x >> {rng.randrange(32)} & 0xff:",
        f"        raise ValueError(f\"{{{_name(rng)}!r}}: {rng.randrange(10**6)}\" + '-' * {rng.randrange(80)})",
        f"    return {{k: v for k, v in {_name(rng)}.items() if v @ w > {rng.random():.4f}}}",
        f"assert {_name(rng)}(b'\\x{rng.randrange(256):02x}\\x00') == {rng.randrange(10**9)}  # see bpo-{rng.randrange(99999)}",
    ]
    return "\n".join(made)


def _script(rng: random.Random) -> str:
    made = [
        f"const {_name(rng)} = (a, b) => a[{rng.randrange(99)}] + '/' + b.{_name(rng)} + \"?v={rng.randrange(10**6)}\";",
        f"export default {{ {_name(rng)}: `${{{_name(rng)}}}px`, color: '#{rng.getrandbits(24):06x}' }};",
        f"if (!{_name(rng)} || {_name(rng)} === null) {{ return void {rng.randrange(2)}; }}",
        f"!function(e,t){{var n={rng.randrange(9)},r=e[t>>>{rng.randrange(9)}];for(;n<r.length;n++)i[n]^=r[n]|{rng.getrandbits(31)}}}(this,{rng.randrange(99)});",
        f"document.querySelector('.{_name(rng)} > a:nth-child({rng.randrange(9)})').style.width = '{rng.randrange(99)}%';",
    ]
    return "\n".join(rng.sample(made, 4))


def _low(rng: random.Random) -> str:
    table = ", ".join(f"0x{rng.randrange(256):02x}" for _ in range(rng.randint(8, 32)))
    return (
        f"static const uint8_t {_name(rng)}[] = {{ {table} }};\n#define {_name(rng).upper()}_MAX (1u << {rng.randrange(31)})\n"
        f"int {_name(rng)}(const char *p) {{ return *p++ == '\\0' ? -{rng.randrange(99)} : p[{rng.randrange(99)}] & 0x{rng.getrandbits(16):x}; }}\n"
        f'let v: Vec<u64> = vec![{rng.getrandbits(40)}, {rng.getrandbits(40)}]; println!("{{:?}} {{}}", v, {rng.randrange(99)});'
    )


def _query(rng: random.Random) -> str:
    return (
        f"SELECT t.{_name(rng)}, COUNT(*) AS n, SUM(CASE WHEN {_name(rng)} > {rng.randrange(999)} THEN 1 ELSE 0 END)\n"
        f"FROM {_name(rng)}s t LEFT JOIN {_name(rng)}s u ON u.id = t.{_name(rng)}_id\n"
        f"WHERE t.created >= '2026-{rng.randint(1, 12):02d}-01' AND t.kind IN ('{_name(rng)}', '{_name(rng)}')"
        f" GROUP BY 1 HAVING COUNT(*) > {rng.randrange(99)} ORDER BY 2 DESC LIMIT {rng.randrange(1000)};"
    )


def _markup(rng: random.Random) -> str:
    path = " ".join(
        f"{rng.choice('MLCQSc')}{rng.uniform(0, 99):.2f},{rng.uniform(0, 99):.2f}"
        for _ in range(rng.randint(4, 25))
    )
    return (
        f'<div class="{_name(rng)}-{rng.randrange(9)} p-{rng.randrange(9)}" data-id="{rng.randrange(10**8)}"><b>{_name(rng)}</b> of'
        f' <i>{rng.randrange(999)}</i> items</div><svg viewBox="0 0 24 24"><path d="{path} Z" fill="#{rng.getrandbits(24):06x}"/></svg>'
    )


def _styles(rng: random.Random) -> str:
    return "\n".join(
        f'.{_name(rng)}:hover {{ margin: {rng.randrange(99)}px {rng.random():.2f}em; color: rgba({rng.randrange(256)},{rng.randrange(256)},{rng.randrange(256)},.{rng.randrange(9)}); content: "\\{rng.choice("2192 201c 2022 f101".split())}"; }}'
        for _ in range(rng.randint(2, 9))
    )


def _settings(rng: random.Random) -> str:
    return (
        f'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {_name(rng)}-{_name(rng)}\n  labels: {{app: {_name(rng)}, rev: "{rng.randrange(999)}"}}\n'
        f"spec:\n  replicas: {rng.randrange(30)}\n  template:\n    spec:\n      containers:\n      - name: {_name(rng)}\n"
        f"        image: registry.local/{_name(rng)}:v{rng.randrange(9)}.{rng.randrange(40)}.{rng.randrange(9)}\n        ports: [{{containerPort: {rng.randint(1024, 65535)}}}]\n"
        f"        resources: {{limits: {{cpu: {rng.randrange(4000)}m, memory: {rng.randrange(4096)}Mi}}}}"
    )


def _markdown(rng: random.Random) -> str:
    return (
        f"# {_name(rng).title()} {rng.randrange(9)}.{rng.randrange(30)}\n\n* **{_name(rng).title()}**: now *{rng.randrange(99)}* times faster ([#{rng.randrange(9999)}](https://docs.example/{_name(rng)}/{rng.randrange(9999)}))\n"
        f"* `{_name(rng)}({rng.randrange(99)})` returns ~~{rng.randrange(99)}~~ **{rng.randrange(99)}**\n\n| run | ms |\n|---|---|\n| {rng.randrange(99)} | {rng.uniform(0, 99):.2f} |\n| {rng.randrange(99)} | {rng.uniform(0, 99):.2f} |\n"
    )


def _formula(rng: random.Random) -> str:
    return (
        f"\\begin{{equation}} \\hat{{y}}_{{{rng.randrange(99)}}} = \\sum_{{i=1}}^{{{rng.randrange(999)}}} \\alpha^{{{rng.randrange(9)}}} x_{{i}} + {rng.random():.4f}\\,\\mathrm{{m}}^{{2}} \\end{{equation}}"
        f" where $\\beta = {rng.randrange(99)}\\times 10^{{-{rng.randrange(12)}}}$ and $n \\leq {rng.randrange(10**6)}$."
    )


def _genes(rng: random.Random) -> str:
    alphabet = rng.choice(("ACGT", "acgt", "ACDEFGHIKLMNPQRSTVWY"))
    rows = ("".join(rng.choices(alphabet, k=60)) for _ in range(rng.randint(1, 12)))
    return f">seq{rng.randrange(10**6)} len={rng.randrange(9999)}\n" + "\n".join(rows)


def _molecules(rng: random.Random) -> str:
    parts = ("C", "CC", "(=O)", "c1ccccc1", "N", "[C@@H]", "(O)", "OC", "S(=O)(=O)", "Cl", "[nH]")
    return "\n".join(
        "".join(rng.choices(parts, k=rng.randint(4, 16))) for _ in range(rng.randint(2, 10))
    )


def _moves(rng: random.Random) -> str:
    def move() -> str:
        piece = rng.choice(("", "N", "B", "Q", "R", "K"))
        return f"{piece}{rng.choice('abcdefgh')}{rng.randint(1, 8)}"

    pairs = (f"{n}. {move()} {move()}" for n in range(1, rng.randint(8, 40)))
    return '[Event "Club"]\n[Result "1-0"]\n\n' + " ".join(pairs) + " 1-0"


def _boxes(rng: random.Random) -> str:
    board = "\n".join("".join(rng.choices("123456789.", k=9)) for _ in range(9))
    rule = rng.choice("-=_*#~.") * rng.randint(20, 90)
    art = "\n".join("".join(rng.choices(" .:-=+*#%@", k=40)) for _ in range(rng.randint(4, 12)))
    return rng.choice((board, f"{rule}\n{board}\n{rule}", art))


def _commands(rng: random.Random) -> str:
    made = (
        f"docker run --rm -it -p {rng.randint(1024, 65535)}:80 -v /srv/{_name(rng)}:/data:ro registry.local/{_name(rng)}:{rng.randrange(99)}",
        f"ffmpeg -i in.mp4 -vf 'scale={rng.randrange(4000)}:-1,fps={rng.randrange(60)}' -crf {rng.randrange(40)} -b:a {rng.randrange(320)}k out.webm",
        f"awk -F'\\t' '$3 > {rng.randrange(999)} {{ s += $4 }} END {{ printf \"%.2f\\n\", s / NR }}' {_name(rng)}.tsv | sort -k2,2nr | head -{rng.randrange(99)}",
        f"find . -name '*.{_name(rng)}' -mtime +{rng.randrange(99)} -size +{rng.randrange(999)}k -print0 | xargs -0 -n{rng.randrange(64)} gzip -9",
        f"curl -sS -X POST http://localhost:{rng.randint(1024, 65535)}/{_name(rng)} -H 'content-type: application/json' -d '{{\"n\": {rng.randrange(99)}}}'",
        f"rg -n '^(?:{_name(rng)}|\\d{{{rng.randrange(9)},{rng.randrange(10, 99)}}})[^\"\\s]*$' src/ --glob '!*.min.js'",
    )
    return "\n".join(rng.sample(made, 4))


def _translations(rng: random.Random) -> str:
    words = "Speichern Änderung Größe übernehmen Enregistrer fenêtre déjà été Añadir tamaño Zapisz żółty".split()
    rows = (
        f'"{_name(rng)}.{_name(rng)}.{rng.randrange(99)}" = "{" ".join(rng.sample(words, 4))} %d ({rng.randrange(99)} &times; %1$s)";'
        for _ in range(rng.randint(3, 15))
    )
    return "\n".join(rows)


def _wrapped(rng: random.Random) -> str:
    words = [
        rng.choice(
            (*_NAMES, str(rng.randrange(10**6)), "v" + str(rng.randrange(99)), "the", "of", "and")
        )
        for _ in range(120)
    ]
    out, line = [], ""
    for word in words:
        if len(line) + len(word) > 71:
            out.append(line)
            line = ""
        line += (" " if line else "") + word
    front = rng.choice(("", "> ", "# ", "// ", "  "))
    return "\n".join(front + one for one in (*out, line))


def _random_words(rng: random.Random) -> str:
    return " ".join(
        "".join(rng.choices(string.ascii_lowercase, k=rng.randint(2, 14))) for _ in range(60)
    )


TEXTS: dict[str, Make] = {
    "prose": _prose,
    "Python": _python,
    "JavaScript": _script,
    "C and Rust": _low,
    "SQL": _query,
    "HTML and SVG": _markup,
    "styles": _styles,
    "settings": _settings,
    "Markdown": _markdown,
    "LaTeX": _formula,
    "sequences": _genes,
    "molecules": _molecules,
    "chess": _moves,
    "boards and art": _boxes,
    "commands": _commands,
    "translations": _translations,
    "wrapped text": _wrapped,
    "made-up words": _random_words,
}
