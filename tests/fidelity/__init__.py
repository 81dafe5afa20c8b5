"""How faithful treated values are: the formulas, and the report on the sample shop."""
