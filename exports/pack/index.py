"""The index of a pack: which question of which rule book it answers, and which it does not."""

NOT = "not covered"
# A row each, however long: a table.
QUESTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "GDPR Art. 5(1)(c), (f)",
        "Which personal data went where, and was it limited?",
        "report.html, records.csv",
    ),
    ("GDPR Art. 5(2)", "Can it be shown?", "statement.dsse.json, checkpoints.json, verify.py"),
    ("GDPR Art. 30(1)(d)", "Who received it?", "report.html: Destinations"),
    ("GDPR Art. 30(1)(b)", "For what purpose?", f"{NOT}, but for the reasons that reviewers wrote"),
    (
        "GDPR Art. 30(1)(e)",
        "To which country?",
        "records.jsonl: destination.country, where rules ask for it",
    ),
    ("GDPR Art. 32(1)(b)", "Was it kept confidential on the way?", "policy/, records.csv: Outcome"),
    ("GDPR Art. 32(1)(d)", "Are measures tested regularly?", NOT),
    (
        "GDPR Art. 33(3)",
        "What happened, to how many people?",
        "report.html; `outgate report --breach` drafts it",
    ),
    ("GDPR Art. 33(1)", "Was the authority told in 72 hours?", NOT),
    ("SOC 2 CC6.1", "Who may send what?", "policy/, reviews in records.jsonl"),
    ("SOC 2 CC6.6, CC6.7", "Is data that leaves controlled?", "records.csv, coverage.json"),
    ("SOC 2 CC6.2, CC6.3", "How are accounts given and taken?", NOT),
    ("SOC 2 CC7.2", "Is what is unusual seen?", "report.html: Outside working hours, New scripts"),
    (
        "SOC 2 CC7.3, CC7.4",
        "Was it looked at, and by whom?",
        "report.html: Approvals; reviews in records.jsonl",
    ),
    ("SOC 2 CC7.5", "Was it recovered from?", NOT),
    (
        "ISO 27001 A.5.14, A.8.12",
        "Is information kept from leaking when it is transferred?",
        "records.csv, policy/",
    ),
    (
        "ISO 27001 A.5.28",
        "Is evidence kept as evidence?",
        "statement.dsse.json, checkpoints.json, verify.py",
    ),
    ("ISO 27001 A.5.34", "Is personal data protected?", "report.html, records.csv"),
    ("ISO 27001 A.8.15, A.8.16", "Is it logged and watched?", "records.jsonl, coverage.json"),
    ("ISO 27001 A.8.8", "Are vulnerabilities managed?", NOT),
    (
        "ISO 27001 A.5.23",
        "Which cloud services are used, by whose accounts?",
        "report.html: Destinations",
    ),
    (
        "EU AI Act Art. 12",
        "Are events of an AI system logged?",
        "records.jsonl: llm, for calls that passed the gate only",
    ),
    (
        "EU AI Act Art. 26(5), (6)",
        "Does the deployer watch it and keep its logs?",
        "report.html: Language models; records.jsonl",
    ),
    ("EU AI Act Art. 26(2)", "Who oversees it?", "reviews in records.jsonl: who, role"),
    ("EU AI Act Art. 9, 10, 15", "Risks, training data, accuracy?", NOT),
)


def index(names: list[str], called: str, as_of: str) -> str:
    """Return the index as Markdown; `as_of`: when its checkpoint was signed."""
    lines = [
        f"# Evidence pack: {called}",
        "",
        "Check it: `python verify.py PACK.zip` (Python 3.9 or later, nothing else).",
        "",
        f"It is as of the checkpoint of {as_of}: what was recorded or done after it, exports too, "
        "is not in it.",
        "",
        "| rule | question | where |",
        "|---|---|---|",
    ]
    lines += [f"| {rule} | {question} | {where} |" for rule, question, where in QUESTIONS]
    lines += ["", "Files:", "", *(f"- `{name}`" for name in names), ""]
    return "\n".join(lines)
