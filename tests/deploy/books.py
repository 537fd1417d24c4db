"""Checks the invariants of money in the tables of the deployed stack."""

from collections import Counter

from expect import expect


def expect_books_balance(stack):
    """Checks three rules for every organization.

    - The balance is the sum of the ledger.
    - The held amount is the sum of the costs of open jobs.
    - Each completed job has exactly one consumption.
    """
    ledger, held, open_jobs = Counter(), Counter(), Counter()
    for entry in stack.items("LedgerTable"):
        ledger[entry["org"]] += entry["amount"]
    jobs = stack.items("JobsTable")
    for job in jobs:
        if "open" in job:
            held[job["org"]] += job["cost"]
            open_jobs[job["org"]] += 1
    accounts = stack.items("AccountsTable")
    wrong = [
        account
        for account in accounts
        for org in [account["org"]]
        if (account["balance"], account["held"], account["open_jobs"]) != (ledger[org], held[org], open_jobs[org])
    ]
    expect(f"accounts that do not add up, of {len(accounts)}", wrong, [])
    consumed = sorted(entry["job"] for entry in stack.items("LedgerTable") if entry["kind"] == "consumption")
    completed = sorted(job["job"] for job in jobs if job["status"] == "completed")
    expect(f"consumptions are the {len(completed)} completed jobs", consumed == completed)
