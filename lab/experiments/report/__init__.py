"""The report of the experiment: tables and figures made from its csv file."""
