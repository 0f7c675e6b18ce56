"""``airwaybill publish``: what the server would answer, onto a web server or an object storage (rules S1 to S6)."""
