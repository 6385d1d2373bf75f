"""PDF through pypdfium2: the text of each page, what the document says of itself, files attached to
it.
"""

from classifiers.documents.pdf_places import read_beside
from classifiers.documents.reader import Work
from classifiers.payload import Document

MEDIA_TYPES = frozenset({"application/pdf"})


def read(document: Document, work: Work) -> None:
    """Read page by page."""
    import pypdfium2 as pdfium

    try:
        pdf = pdfium.PdfDocument(document.data)
    except pdfium.PdfiumError as error:
        locked = "password" in str(error).lower() or b"/Encrypt" in document.data
        work.unread("encrypted document" if locked else "the PDF is broken", document.path)
        return
    try:
        first = len(work.payload.segments)
        told = pdf.get_metadata_dict(skip_empty=True)
        for key, value in told.items():
            work.text(value, key, (*document.path, key))
        _pages(pdf, document, work)
        shown = {word for s in work.payload.segments[first:] for word in s.text.split()}
        _attachments(pdf, document, work)
        read_beside(document, work, tuple(told.values()), shown)
    finally:
        pdf.close()


def _pages(pdf: "object", document: Document, work: Work) -> None:
    import pypdfium2 as pdfium

    assert isinstance(pdf, pdfium.PdfDocument)
    count, silent = len(pdf), 0
    for number in range(min(count, work.limits.pdf_pages)):
        try:
            text = pdf[number].get_textpage().get_text_bounded()
        except pdfium.PdfiumError:
            work.unread("a page is broken", (*document.path, f"page {number + 1}"))
            continue
        silent += not text.strip()
        if not work.text(text.replace("\r\n", "\n"), None, (*document.path, f"page {number + 1}")):
            return
    if count > work.limits.pdf_pages:
        work.unread(f"only {work.limits.pdf_pages} of {count} pages were read", document.path)
    if silent:
        work.unread(
            f"{silent} of {count} pages hold no text (pictures of pages are not read)",
            document.path,
        )


def _attachments(pdf: "object", document: Document, work: Work) -> None:
    import pypdfium2 as pdfium

    assert isinstance(pdf, pdfium.PdfDocument)
    for index in range(min(pdf.count_attachments(), 100)):
        attachment = pdf.get_attachment(index)
        data = bytes(attachment.get_data())
        if work.allow(len(data), document.path):
            work.member(data, attachment.get_name(), document.path)
