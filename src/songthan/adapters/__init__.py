"""One library, one owner file. Only the workspace imports these.

A file's name begins with its family, and a family leans on no other but those `tests/test_floors.py` names:

mail        exchange (EWS), imap (IMAP and SMTP), outgoing (what both send), late and claim (one process a mailbox),
            parse (a received mail, in the sandbox), rule (inbox rules), mail (letters' texts), turnstile (one at a time)
documents   form (templates and their data), render (filling Word), read (a returned form, in the sandbox), convert
            (LibreOffice), assemble and bundle (the report's PDF and folder), sign (signatures), website
the plan    plan, rubric, settings, language (files of the workspace), import (a plan from Word or text), roll (next year's)
the rest    ledger and blobs (what is kept), sandbox (where a stranger's file is opened), prefect, clocks
"""
