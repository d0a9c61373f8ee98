#!/usr/bin/env python3
"""Small documents of every packed kind and what other readers say is in them.

needs: reportlab, python-docx, openpyxl, python-pptx, odfpy (any recent), pdftotext of poppler 22.12 with poppler-data
usage: documents.py OUT     (tests/golden/documents)

NAME.pdf.pages holds pdftotext's words per page; NAME.outline one line a block as tests/unit/rag/readers/reading.hpp
shows it, read back with python-docx, openpyxl and python-pptx; odt and epub as their text is written below.
All text is our own. Files are the same byte for byte on every run.
"""
import datetime
import io
import pathlib
import re
import subprocess
import sys
import zipfile

import docx
import openpyxl
import pptx
from docx.oxml import parse_xml
from odf import style as odf_style
from odf import table as odf_table
from odf import text as odf_text
from odf.opendocument import OpenDocumentText
from reportlab import rl_config
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

rl_config.invariant = 1
OUT = pathlib.Path(sys.argv[1])
PROSE = ("The pump must be drained before the first frost. Open both valves and wait until no more water leaves the "
         "outlet. Close the lower valve first, because the upper one holds the pressure of the tank. A filter that was "
         "not cleaned for a year lets sand into the gears, and the warranty ends. Write each service into the book that "
         "came with the machine. ").split()
CHINESE = ["第一章总则", "甲方应当在收到货物后三十日内付款。", "乙方保证所供货物符合合同约定的质量标准，", "并对其提供的资料负责。",
           "本合同一式两份，双方各执一份。"]
JAPANESE = ["取扱説明書", "電源を入れる前に必ずお読みください。", "フィルターは毎月清掃してください。"]


def settled(data):
    """The same archive without times."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith(("core.xml", "meta.xml")):
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?", b"2026-01-01T00:00:00Z", content)
            info = zipfile.ZipInfo(entry.filename, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if entry.filename == "mimetype" else zipfile.ZIP_DEFLATED
            target.writestr(info, content)
    return out.getvalue()


def lines_of(words, width, canvas_, font="Helvetica", size=10):
    line = []
    for word in words:
        if pdfmetrics.stringWidth(" ".join([*line, word]), font, size) > width:
            yield " ".join(line)
            line = []
        line.append(word)
    yield " ".join(line)


def column(c, words, x, top, width, font="Helvetica", size=10):
    c.setFont(font, size)
    for i, line in enumerate(lines_of(words, width, c, font, size)):
        c.drawString(x, top - i * size * 1.2, line)


def pdf(name, draw, password=None, **options):
    path = OUT / f"{name}.pdf"
    # Plain streams where tests change bytes inside them.
    c = canvas.Canvas(str(path), pagesize=(595, 842), pageCompression=name not in ("cjk", "encodings", "forms"), **options)
    draw(c)
    c.save()
    command = ["pdftotext", "-enc", "UTF-8", *(["-upw", password] if password else []), str(path), "-"]
    pages = subprocess.run(command, check=True, capture_output=True).stdout.decode().split("\f")[:-1]
    (OUT / f"{name}.pdf.pages").write_text("\f".join(" ".join(page.split()) for page in pages))


def two_columns(c):
    c.setFont("Helvetica-Bold", 16)
    c.drawString(60, 780, "Care of the garden pump")
    column(c, PROSE * 2, 60, 740, 220)
    column(c, ["Second", "column:"] + PROSE * 2, 315, 734, 220)   # baselines do not match the first one's
    c.showPage()
    c.setFont("Helvetica-Bold", 12)
    c.drawString(60, 780, "Spare parts")
    c.setFont("Helvetica", 10)
    for i, row in enumerate([("Part", "Name", "Price"), ("X-100", "Upper valve", "12.50"), ("X-101", "Lower valve", "13.00"),
                             ("X-240", "Filter", "4.75"), ("X-300", "Gear set", "88.00")]):
        for x, cell in zip((60, 160, 320), row):
            c.drawString(x, 750 - 16 * i, cell)
    c.showPage()


def rotated(c):
    c.setPageRotation(90)            # text drawn upwards is upright on the turned page
    c.rotate(90)
    column(c, PROSE, 60, -80, 300)
    c.showPage()
    c.setPageRotation(0)
    column(c, PROSE, 60, 780, 300)
    c.saveState()
    c.translate(40, 300)
    c.rotate(90)
    c.drawString(0, 0, "Sidebar reading upwards")
    c.restoreState()
    c.showPage()
    c.setPageRotation(180)
    column(c, ["Upside", "down", "page."], 60, 780, 300)
    c.showPage()


def cjk(c):
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    c.setFont("STSong-Light", 12)
    for i, line in enumerate(CHINESE):
        c.drawString(60, 780 - 18 * i, line)
    c.showPage()
    c.setFont("HeiseiMin-W3", 12)
    for i, line in enumerate(JAPANESE):
        c.drawString(60, 780 - 18 * i, line)
    c.showPage()


def forms(c):
    c.beginForm("letterhead")
    c.setFont("Helvetica", 9)
    c.drawString(60, 810, "Garden Pumps Ltd")
    c.endForm()
    for words in (PROSE[:20], PROSE[20:40]):
        c.doForm("letterhead")
        column(c, words, 60, 760, 300)
        c.showPage()


def encodings(c):
    c.setFont("Times-Roman", 11)
    c.drawString(60, 780, "Café Zürich – “quoted” naïve façade 25 € déjà ¿qué? Øresund")
    c.setFont("Helvetica", 11)
    text = c.beginText(60, 740)
    text.setCharSpace(1.2)
    text.textLine("Spaced letters stay words")
    text.setCharSpace(0)
    text.setHorizScale(150)
    text.textLine("Wide letters too")
    text.setHorizScale(100)
    text.setRise(4)
    text.textLine("Raised line")
    c.drawText(text)
    c.showPage()
    c.setFont("Helvetica", 10)
    for i, line in enumerate(["A careful reader joins a hyphen-", "ated word, keeps state-of-the-", "art as it is, and leaves X-", "Ray alone."]):
        c.drawString(60, 780 - 12 * i, line)
    c.translate(200, 300)
    c.rotate(45)                     # pdftotext tears such words
    c.drawString(0, 0, "Draft across")
    c.showPage()


def picture():
    from PIL import Image
    image = Image.new("L", (60, 40), 255)
    for x in range(10, 50):
        image.putpixel((x, 20), 0)
    return ImageReader(image)


def scan(c):
    c.drawImage(picture(), 60, 300, 400, 300)
    c.showPage()


def mixed(c):
    column(c, PROSE, 60, 780, 300)
    c.showPage()
    scan(c)
    scan(c)


def one_page(c):
    column(c, PROSE, 60, 780, 300)
    c.showPage()


def pdfs():
    pdf("two_columns", two_columns)
    pdf("rotated", rotated)
    pdf("cjk", cjk)
    pdf("forms", forms)
    pdf("encodings", encodings)
    pdf("mixed_scan", mixed)
    pdf("scan", scan)
    pdf("owner_password", one_page, encrypt=StandardEncryption("", "owner", strength=128))
    pdf("user_password", one_page, password="secret", encrypt=StandardEncryption("secret", "owner", strength=128))


def word(name):
    document = docx.Document()
    document.core_properties.title = "Pump manual"
    document.add_heading("Pump manual", 0)
    document.add_heading("Operation", 1)
    document.add_paragraph(" ".join(PROSE))
    document.add_heading("Winter", 2)
    for item in ("Drain the pump", "Close both valves"):
        document.add_paragraph(item, style="List Bullet")
    table = document.add_table(rows=1, cols=3)
    for cell, text in zip(table.rows[0].cells, ("Part", "Name", "Price")):
        cell.text = text
    for row in (("X-100", "Upper valve", "12.50"), ("X-101", "Lower valve", "")):
        for cell, text in zip(table.add_row().cells, row):
            cell.text = text
    paragraph = document.add_paragraph("Kept ")
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    for xml in (f'<w:del {space} w:id="1" w:author="a"><w:r><w:delText>DELETED</w:delText></w:r></w:del>',
                f'<w:r {space}><w:fldChar w:fldCharType="begin"/></w:r>', f'<w:r {space}><w:instrText>PAGE FIELD</w:instrText></w:r>',
                f'<w:r {space}><w:fldChar w:fldCharType="end"/></w:r>'):
        paragraph._p.append(parse_xml(xml))
    paragraph.add_run("and 中文 stays.")
    out = io.BytesIO()
    document.save(out)
    (OUT / f"{name}.docx").write_bytes(settled(out.getvalue()))
    lines = []
    for block in docx.Document(OUT / f"{name}.docx").iter_inner_content():
        if isinstance(block, docx.table.Table):
            for i, row in enumerate(block.rows):
                lines.append(("th " if i == 0 else "tr ") + "⇥".join(cell.text for cell in row.cells).rstrip("⇥"))
            continue
        kind = block.style.name
        prefix = "h1" if kind == "Title" else f"h{kind[-1]}" if kind.startswith("Heading") else "l1" if "List" in kind else "p"
        lines.append(f"{prefix} {block.text}")
    (OUT / f"{name}.docx.outline").write_text("\n".join(lines) + "\n")


def sheet_text(cell):
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d" if value.time() == datetime.time() else "%Y-%m-%d %H:%M")
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M")
    if isinstance(value, (int, float)):
        return f"{value * 100:.10g}%" if "%" in cell.number_format else f"{value:.15g}"
    return str(value)


def excel(name):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Parts"
    for row in (("Part", "Name", "Price", "Since", "Share"), ("X-100", "Upper valve", 12.5, datetime.datetime(2024, 2, 29), 0.125),
                ("X-101", "Lower valve", 0.1 + 0.2, datetime.datetime(1999, 12, 31, 23, 59), 1), ("X-240", "滤芯", 1e20, None, True)):
        sheet.append(row)
    for cell in ("E2", "E3"):
        sheet[cell].number_format = "0.0%"
    second = book.create_sheet("价格 2026")
    second["B3"] = "Prices without tax"
    for i, row in enumerate((("Month", "Total"), ("January", 1200), ("February", -3.75), (datetime.time(7, 30), 0))):
        for k, value in enumerate(row):
            second.cell(row=5 + i, column=2 + k, value=value)
    out = io.BytesIO()
    book.save(out)
    (OUT / f"{name}.xlsx").write_bytes(settled(out.getvalue()))
    lines = []
    for sheet in openpyxl.load_workbook(OUT / f"{name}.xlsx"):
        lines.append(f"h1 {sheet.title}")
        fresh = True
        for row in sheet.iter_rows():
            cells = [sheet_text(cell) for cell in row]
            filled = [cell for cell in cells if cell]
            if not filled:
                fresh = True
                continue
            number = row[0].row
            if fresh and len(filled) == 1:
                lines.append(f"p #{number} {filled[0]}")
                continue
            lines.append(f"{'th' if fresh else 'tr'} #{number} " + "⇥".join(cells).rstrip("⇥"))
            fresh = False
    (OUT / f"{name}.xlsx.outline").write_text("\n".join(lines) + "\n")


def slides(name):
    show = pptx.Presentation()
    first = show.slides.add_slide(show.slide_layouts[1])
    first.shapes.title.text = "Before winter"
    body = first.placeholders[1].text_frame
    body.text = "Drain the pump"
    inner = body.add_paragraph()
    inner.text = "both valves"
    inner.level = 1
    first.notes_slide.notes_text_frame.text = "Say why."
    second = show.slides.add_slide(show.slide_layouts[5])
    second.shapes.title.text = "价格"
    table = second.shapes.add_table(2, 2, 100000, 2000000, 4000000, 800000).table
    for at, text in zip(((0, 0), (0, 1), (1, 0), (1, 1)), ("Part", "Price", "X-100", "12.50")):
        table.cell(*at).text = text
    out = io.BytesIO()
    show.save(out)
    (OUT / f"{name}.pptx").write_bytes(settled(out.getvalue()))
    lines = []
    for number, slide in enumerate(pptx.Presentation(OUT / f"{name}.pptx").slides, 1):
        for shape in slide.shapes:
            if shape.has_table:
                for i, row in enumerate(shape.table.rows):
                    lines.append(("th" if i == 0 else "tr") + f" @{number} " + "⇥".join(cell.text for cell in row.cells))
            elif shape == slide.shapes.title:
                lines.append(f"h1 @{number} {shape.text}")
            else:
                lines += [f"l{p.level + 1} @{number} {p.text}" for p in shape.text_frame.paragraphs]
        if slide.has_notes_slide:
            lines.append(f"p @{number} {slide.notes_slide.notes_text_frame.text}")
    (OUT / f"{name}.pptx.outline").write_text("\n".join(lines) + "\n")


def open_document(name):
    document = OpenDocumentText()
    bold = odf_style.Style(name="Heading", family="paragraph")
    document.styles.addElement(bold)
    body = document.text
    body.addElement(odf_text.H(outlinelevel=1, text="Pump manual"))
    paragraph = odf_text.P(text="Two")
    paragraph.addElement(odf_text.S(c=3))
    paragraph.addText("spaces and 中文.")
    body.addElement(paragraph)
    body.addElement(odf_text.H(outlinelevel=2, text="Winter"))
    items = odf_text.List()
    for text in ("Drain the pump", "Close both valves"):
        item = odf_text.ListItem()
        item.addElement(odf_text.P(text=text))
        items.addElement(item)
    body.addElement(items)
    table = odf_table.Table(name="parts")
    head = odf_table.TableHeaderRows()
    for container, cells in ((head, ("Part", "Price")), (table, ("X-100", "12.50"))):
        row = odf_table.TableRow()
        for text in cells:
            cell = odf_table.TableCell()
            cell.addElement(odf_text.P(text=text))
            row.addElement(cell)
        if container is head:
            head.addElement(row)
            table.addElement(head)
        else:
            table.addElement(row)
    body.addElement(table)
    out = io.BytesIO()
    document.write(out)
    (OUT / f"{name}.odt").write_bytes(settled(out.getvalue()))
    (OUT / f"{name}.odt.outline").write_text("h1 Pump manual\np Two spaces and 中文.\nh2 Winter\nl1 Drain the pump\n"
                                             "l1 Close both valves\nth Part⇥Price\ntr X-100⇥12.50\n")


def book(name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:'
                         'container"><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>')
        archive.writestr("OEBPS/book.opf", '<?xml version="1.0"?><package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
                         '<dc:title>The pump</dc:title></metadata><manifest><item id="b" href="Text/two.xhtml"/>'
                         '<item id="a" href="Text/ch%201.xhtml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine></package>')
        archive.writestr("OEBPS/Text/ch 1.xhtml", "<html><body><h1>One</h1><p>First chapter.</p></body></html>")
        archive.writestr("OEBPS/Text/two.xhtml", "<html><body><h1>Two</h1><p>Second &amp; last.</p></body></html>")
    (OUT / f"{name}.epub").write_bytes(settled(out.getvalue()))
    (OUT / f"{name}.epub.outline").write_text("h1 One\np First chapter.\nh1 Two\np Second & last.\n")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    pdfs()
    word("manual")
    excel("parts")
    slides("winter")
    open_document("manual")
    book("pump")
