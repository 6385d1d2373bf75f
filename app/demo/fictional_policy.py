"""The policy of the fictional company: the rules that the cases of its year name."""

RULES = """\
# The policy of a fictional company. It only watches, but for two rules.

version: 1
mode: watch
description: Watch what is personal, ask before payroll goes out, let no key out.

organisation:
  name: Nordwind (fictional)

rules:
  - id: no-secrets
    description: Passwords and keys do not leave
    mode: enforce
    when:
      findings: {kinds: credentials, certainty: likely}
    then: block

  - id: hold-payroll
    description: Payroll waits for a person before it goes to a language model
    mode: enforce
    when:
      script: {name: payroll_letters.py}
      destination: {category: llm}
      findings: personal_data
    then: hold

  - id: watch-personal-cloud
    description: Content is stored in an account that is not the organisation's
    when:
      destination:
        account: [personal, other_tenant, anonymous]
        upload: true
    then: watch

  - id: watch-personal-data
    description: Personal data leaves this machine
    when:
      findings: personal_data
    then: watch

  - id: watch-what-cannot-be-read
    description: Part of the request could not be inspected
    when:
      unread: [content, encrypted]
    then: watch
"""
