"""How far this machine's clock may be off the mail server's, and what is said of it. Seconds; above 0: ours is fast."""

from __future__ import annotations

from songthan.domain.thai import to_thai_digits

#: Beyond the first somebody should look at it, beyond the second dates and leases are wrong (faults 14).
LOOK_S, WRONG_S = 60.0, 300.0


def clock_finding(skew: float) -> tuple[str, str, str, str]:
    """What doctor says of it: name, «ok», «warn» or «missing», a Thai sentence, the remedy."""
    if abs(skew) <= LOOK_S:
        return ("clock", "ok", "นาฬิกาตรงกับเซิร์ฟเวอร์จดหมาย", "")
    status = "warn" if abs(skew) <= WRONG_S else "missing"
    way = "เร็ว" if skew > 0 else "ช้า"
    seconds = to_thai_digits(round(abs(skew)))
    return ("clock", status, f"นาฬิกาเครื่องนี้{way}กว่าเซิร์ฟเวอร์จดหมาย {seconds} วินาที", "ตั้งเวลาเครื่องจาก NTP")
