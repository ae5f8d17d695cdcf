"""``reconciliation.xlsx``: the summary, the breaks and all rows for a spreadsheet."""

from bulkcancel.report.workbook.book import WorkbookFile
from bulkcancel.report.workbook.frame import ALL_ROWS, BREAKS_SHEET, SUMMARY_SHEET

__all__ = ["ALL_ROWS", "BREAKS_SHEET", "SUMMARY_SHEET", "WorkbookFile"]
