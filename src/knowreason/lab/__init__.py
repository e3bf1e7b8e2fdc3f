"""The lab: small worlds whose every fact is known, so that what is measured can be held against the truth."""
