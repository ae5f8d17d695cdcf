"""``report.html``: the run on one page, to be read, printed or sent on."""

from bulkcancel.report.page.groups import BreakGroups
from bulkcancel.report.page.page import render_page

__all__ = ["BreakGroups", "render_page"]
