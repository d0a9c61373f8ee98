"""The OOXML files around a vbaProject.bin: a Word document or template, an Excel add-in. The same bytes on every machine."""
import zipfile
from xml.sax.saxutils import escape

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_VBA = ("http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin")
_RIBBON = ("http://schemas.microsoft.com/office/2007/relationships/ui/extensibility", "customUI/customUI14.xml")
WORD_DOCUMENT = "application/vnd.ms-word.document.macroEnabled.main+xml"
WORD_TEMPLATE = "application/vnd.ms-word.template.macroEnabledTemplate.main+xml"
EXCEL_ADDIN = "application/vnd.ms-excel.addin.macroEnabled.main+xml"


def write_package(path, parts):
    """Stored, not deflated: compressors differ between machines, and the file is small."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, data)


def _relations(*pairs):
    lines = "".join(f'<Relationship Id="r{i + 1}" Type="{kind}" Target="{target}"/>' for i, (kind, target) in enumerate(pairs))
    return f'{HEAD}<Relationships xmlns="{_RELATIONS}">{lines}</Relationships>'


def _content_types(overrides):
    lines = "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in overrides)
    return (f'{HEAD}<Types xmlns="{_TYPES}"><Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{lines}</Types>')


def word_parts(vba, paragraphs, kind=WORD_DOCUMENT, ribbon=None):
    """A document of plain paragraphs; a "\\n" inside one is a line break."""
    def run(text):
        pieces = text.split("\n")
        return "<w:br/>".join(f'<w:t xml:space="preserve">{escape(piece)}</w:t>' for piece in pieces)
    body = "".join(f"<w:p><w:r>{run(text)}</w:r></w:p>" for text in paragraphs)
    roots = [(f"{_OFFICE}/relationships/officeDocument", "word/document.xml")]
    parts = [("[Content_Types].xml", _content_types([("/word/document.xml", kind)]))]
    if ribbon:
        roots.append(_RIBBON)
    parts += [("_rels/.rels", _relations(*roots)),
              ("word/document.xml", f'{HEAD}<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'),
              ("word/_rels/document.xml.rels", _relations(_VBA)), ("word/vbaProject.bin", vba)]
    return parts + ([("customUI/customUI14.xml", ribbon)] if ribbon else [])


def addin_parts(vba, ribbon):
    roots = [(f"{_OFFICE}/relationships/officeDocument", "xl/workbook.xml"), _RIBBON]
    worksheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
    return [
        ("[Content_Types].xml", _content_types([("/xl/workbook.xml", EXCEL_ADDIN), ("/xl/worksheets/sheet1.xml", worksheet)])),
        ("_rels/.rels", _relations(*roots)),
        ("xl/workbook.xml", f'{HEAD}<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}/relationships">'
                            '<workbookPr codeName="ThisWorkbook"/><sheets><sheet name="Hadal" sheetId="1" r:id="r1"/></sheets>'
                            '</workbook>'),
        ("xl/_rels/workbook.xml.rels", _relations((f"{_OFFICE}/relationships/worksheet", "worksheets/sheet1.xml"), _VBA)),
        ("xl/worksheets/sheet1.xml", f'{HEAD}<worksheet xmlns="{_SHEET}"><sheetPr codeName="Sheet1"/><sheetData/></worksheet>'),
        ("xl/vbaProject.bin", vba), ("customUI/customUI14.xml", ribbon)]
