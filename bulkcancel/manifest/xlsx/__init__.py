"""A sheet of an Excel workbook as a table."""

from bulkcancel.manifest.xlsx.table import XlsxTable

__all__ = ["XlsxTable"]
