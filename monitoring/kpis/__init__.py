"""The KPIs: histories measured into totals, totals rolled up by day, figures made of totals."""
