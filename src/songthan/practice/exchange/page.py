"""The page a person sees who opens the server's address in a browser."""

from html import escape

PAGE = """<!doctype html>
<html lang="th"><head><meta charset="utf-8"><title>เซิร์ฟเวอร์ซ้อม</title>
<style>body{{font-family:"TH Sarabun New","TH SarabunPSK",sans-serif;font-size:1.3rem;max-width:46rem;margin:2rem auto;
padding:0 1rem;line-height:1.5}}strong{{color:#a00000}}</style></head><body>
<h1>เซิร์ฟเวอร์ซ้อม</h1>
<p>เครื่องนี้คือ<strong>เซิร์ฟเวอร์จดหมายสำหรับซ้อม</strong> ชื่อ {name} ใช้แทน Microsoft Exchange ระหว่างการซ้อมเท่านั้น</p>
<p><strong>ไม่มีจดหมายฉบับใดออกจากเครื่องนี้</strong> ผู้รับและผู้ส่งทุกคนเป็นบุคคลสมมติ</p>
<h2>สิ่งที่การซ้อมนี้ยังพิสูจน์ไม่ได้</h2>
<ul>
<li>ไม่ใช่เซิร์ฟเวอร์ของ Microsoft จึงไม่พิสูจน์ว่าเซิร์ฟเวอร์จริงจะตอบเหมือนกันทุกกรณี</li>
<li>การจำกัดความถี่ในการใช้งาน (throttling) ของเซิร์ฟเวอร์จริง</li>
<li>กฎการส่งต่อจดหมายและการกรองไวรัสหรือสแปมของหน่วยงาน (transport rules)</li>
<li>ผลตรวจ SPF, DKIM และ DMARC จริง ผลที่เห็นที่นี่เป็นผลที่กำหนดขึ้นตามบทซ้อม</li>
<li>หน้าตาของจดหมายเมื่อเปิดใน Outlook</li>
<li>การยืนยันตัวตนแบบ NTLM และ OAuth ที่นี่ใช้ชื่อและรหัสผ่านอย่างเดียว</li>
</ul>
<p>จุดเชื่อมต่อ EWS: <code>/EWS/Exchange.asmx</code></p>
</body></html>
"""


def page(server_name: str, schemes: tuple[str, ...]) -> bytes:
    """The page as UTF-8 HTML."""
    return PAGE.format(name=escape(server_name)).encode("utf-8")
