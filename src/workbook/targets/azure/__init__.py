"""The target azure: what the lessons make in one subscription, asked for and removed by az.

Names come from one prefix, and everything carries the tag `workbook=<prefix>`. By that tag it is
found again.
"""
