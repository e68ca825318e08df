"""The report: one self-contained HTML page about a run or a comparison.

    from semtool.experiments.report import report
    report("my-run", "my-run.html", store=Store())

`sources` opens what is asked for, `collect` gathers plain values from it (one module a section), `page`
renders them with the files in ``assets``. What is gone is said in its section.
"""

from semtool.experiments.report.page import Report, report

__all__ = ["Report", "report"]
