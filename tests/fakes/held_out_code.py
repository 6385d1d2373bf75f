"""Programs in nine languages about nobody, for `held_out_clean`."""

import random
from collections.abc import Callable

_NAMES = "total offset cursor bucket window depth budget factor margin stride quota limit".split()


def _d(rng: random.Random, size: int) -> str:
    return "".join(rng.choices("0123456789", k=size))


def _python(rng: random.Random) -> str:
    a, b = rng.sample(_NAMES, 2)
    return (
        f"class Person:\n    name: str\n    birth_date: date\n\n    def __init__(self, name, email=None, phone=None):\n"
        f"        self.name = name\n        self.email = email\n        self.phone = phone or None\n\n"
        f"{a.upper()} = {_d(rng, 10)}\n{b} = [{', '.join(_d(rng, 9) for _ in range(5))}]\n"
        f"df['iban'] = df['account'].str.replace(' ', '')\ndef {a}(x, *, {b}={_d(rng, 3)}):\n    return x[{b}:] % {_d(rng, 11)}\n"
    )


def _javascript(rng: random.Random) -> str:
    a = rng.choice(_NAMES)
    return (
        f"const {a} = {_d(rng, 10)};\nexport function render({{ name, address, phone }}) {{\n"
        f"  if (!name || !address) return null;\n  return `<p>${{name}}, ${{address.street}} ${{phone}}</p>`;\n}}\n"
        f"setTimeout(() => load({_d(rng, 12)}, 'en-GB'), {_d(rng, 4)});\n"
    )


def _java(rng: random.Random) -> str:
    a = rng.choice(_NAMES)
    return (
        f"public final class Customer {{\n  private static final long serialVersionUID = {_d(rng, 18)}L;\n"
        f"  private String firstName;\n  private LocalDate birthDate = LocalDate.MIN;\n"
        f"  public void setPhone(String phone) {{ this.phone = phone; }}\n  int {a} = {_d(rng, 9)};\n}}\n"
    )


def _c(rng: random.Random) -> str:
    a = rng.choice(_NAMES)
    return (
        f"#define MAGIC 0x{_d(rng, 8)}\nstatic const unsigned {a}[] = {{ {', '.join(_d(rng, 9) for _ in range(6))} }};\n"
        f"struct person {{ char name[{_d(rng, 2)}]; char street[64]; unsigned zip; }};\n"
        f'int main(void) {{ printf("%s %s\\n", p.name, p.street); return {a}[0]; }}\n'
    )


def _go(rng: random.Random) -> str:
    a = rng.choice(_NAMES)
    return (
        f'type Patient struct {{\n\tName string `json:"name"`\n\tBirthDate time.Time `json:"birth_date"`\n'
        f'\tMRN string `json:"mrn,omitempty"`\n}}\n\nconst {a} = {_d(rng, 12)}\n'
        f'func (p Patient) Key() string {{ return fmt.Sprintf("%s-%d", p.MRN, {_d(rng, 6)}) }}\n'
    )


def _rust(rng: random.Random) -> str:
    a = rng.choice(_NAMES)
    return (
        f"const {a.upper()}: u64 = {_d(rng, 4)}_{_d(rng, 3)}_{_d(rng, 3)};\n#[derive(Debug)]\npub struct Account {{\n"
        f"    pub holder: String,\n    pub iban: Option<Iban>,\n}}\nimpl Account {{ fn {a}(&self) -> u32 {{ {_d(rng, 9)} }} }}\n"
    )


def _r(rng: random.Random) -> str:
    a = rng.choice(_NAMES)
    return (
        f"library(dplyr)\nset.seed({_d(rng, 6)})\n{a} <- read.csv('in.csv') |>\n  select(name, dob, sex, diagnosis) |>\n"
        f"  mutate(age = as.numeric(Sys.Date() - dob) / 365.25) |>\n  filter(id > {_d(rng, 9)})\n"
    )


def _shell(rng: random.Random) -> str:
    a = rng.choice(_NAMES)
    return (
        f'#!/bin/sh\nset -eu\n{a}={_d(rng, 8)}\nfor f in /srv/*/{a}-{_d(rng, 6)}.gz; do\n  name="$(basename "$f")"\n'
        f'  user="${{USER:-nobody}}"; phone="$1"\n  echo "$name $user $phone" >> "/tmp/{_d(rng, 5)}.log"\ndone\n'
    )


def _sas(rng: random.Random) -> str:
    a = rng.choice(_NAMES)
    return (
        f"data work.{a};\n  set in.visits;\n  where usubjid ne '' and visitnum > {_d(rng, 1)};\n"
        f"  format birthdt date9.;\n  label birthdt = 'Date of birth' sex = 'Sex';\n  seed = {_d(rng, 9)};\nrun;\n"
    )


CODE: dict[str, Callable[[random.Random], str]] = {
    "python": _python,
    "javascript": _javascript,
    "java": _java,
    "c": _c,
    "go": _go,
    "rust": _rust,
    "r": _r,
    "shell": _shell,
    "sas": _sas,
}
