"""The page a person sees who opens the server's address in a browser: what this is, and what it does not prove."""

from html import escape

#: each line one thing that a rehearsal here leaves open; docs/practice-exchange.md says the same in English
NOT_PROVEN = (
    "ไม่ใช่เซิร์ฟเวอร์ของ Microsoft คำขอและคำตอบในชุดทดสอบถูกต้องตามสคีมา (XSD) ของ Microsoft รุ่น ๒๐๑๓ ทุกฉบับ"
    " แต่สคีมาบอกเพียงรูปของข้อความ ไม่ได้บอกว่าเซิร์ฟเวอร์จริงจะทำอย่างไร",
    "นโยบายจำกัดการใช้งาน (throttling) ของเซิร์ฟเวอร์จริง ที่นี่ปฏิเสธเพราะงานมากเฉพาะเมื่อบทซ้อมสั่ง",
    "กฎการส่งต่อจดหมาย การกรองไวรัสและสแปม ข้อความท้ายจดหมาย และการทำสำเนาเก็บไว้ของหน่วยงาน"
    " (transport rules, journaling, retention)",
    "การที่เซิร์ฟเวอร์จริงแยกจดหมายออกแล้วประกอบขึ้นใหม่ ที่นี่เก็บจดหมายไว้ตามที่ได้รับทุกไบต์",
    "การที่ Outlook เขียนจดหมายที่ตอบหรือส่งต่อขึ้นใหม่ และหน้าตาของจดหมายเมื่อเปิดใน Outlook",
    "ผลตรวจ SPF, DKIM และ DMARC จริง ผลที่เห็นที่นี่เป็นผลที่กำหนดขึ้นตามบทซ้อม",
    "การเข้ารหัสระหว่างทาง (TLS) และใบรับรอง ที่นี่เป็น HTTP ภายในเครื่องเท่านั้น",
    "การยืนยันตัวตนแบบ Kerberos, OAuth และการยืนยันหลายชั้น ที่นี่มีเพียง Basic และ NTLM และไม่มีการล็อกบัญชีเมื่อใส่รหัสผ่านผิดหลายครั้ง",
    "การหาเซิร์ฟเวอร์เอง (autodiscover) ปฏิทิน สมุดติดต่อ และการแจ้งแบบ push หรือ streaming",
    "ความเร็ว กล่องจดหมายขนาดใหญ่ และการย้ายงานระหว่างเซิร์ฟเวอร์หลายเครื่อง",
)
PAGE = """<!doctype html>
<html lang="th"><head><meta charset="utf-8"><title>เซิร์ฟเวอร์ซ้อม</title>
<style>body{{font-family:"TH Sarabun New","TH SarabunPSK",sans-serif;font-size:1.3rem;max-width:46rem;margin:2rem auto;
padding:0 1rem;line-height:1.5}}strong{{color:#a00000}}</style></head><body>
<h1>เซิร์ฟเวอร์ซ้อม</h1>
<p>เครื่องนี้คือ<strong>เซิร์ฟเวอร์จดหมายสำหรับซ้อม</strong> ชื่อ {name} ใช้แทน Microsoft Exchange ระหว่างการซ้อมเท่านั้น</p>
<p><strong>ไม่มีจดหมายฉบับใดออกจากเครื่องนี้</strong> ผู้รับและผู้ส่งทุกคนเป็นบุคคลสมมติ</p>
<h2>สิ่งที่การซ้อมนี้ยังพิสูจน์ไม่ได้</h2>
<ul>
{open}
</ul>
<p>จุดเชื่อมต่อ EWS: <code>/EWS/Exchange.asmx</code> · การยืนยันตัวตนที่เปิดอยู่: {schemes}</p>
</body></html>
"""


def page(server_name: str, schemes: tuple[str, ...]) -> bytes:
    """The page as UTF-8 HTML; `schemes`: the ways to log in that this server takes."""
    shown = {"basic": "Basic", "ntlm": "NTLM"}
    items = "\n".join(f"<li>{escape(line)}</li>" for line in NOT_PROVEN)
    words = PAGE.format(name=escape(server_name), open=items, schemes=", ".join(shown[name] for name in schemes))
    return words.encode("utf-8")
