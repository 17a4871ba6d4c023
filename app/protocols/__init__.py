"""Local rules as data: which deadline holds, from which document, and why."""
