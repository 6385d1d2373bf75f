"""What each script does as a rule: learnt from records, told in sentences, asked by policy, locked
as a contract. Pure but for what reads the processes of runs.
"""
