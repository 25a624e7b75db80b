"""What the database itself refuses, and the reference rows every installation has."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "transfers",
    "collections",
    "allocations",
    "voids",
    "advance_uses",
    "requests",
    "plan_versions",
    "plan_components",
    "commission_lines",
    "commission_adjustments",
    "outlet_accruals",
    "outlet_states",
    "audit_lines",
    "audit_seals",
)

_REGISTER = ("assignments", "managers", "org_units", "outlet_states", "outlets")
REVISED = {
    "register": _REGISTER,
    "field": (*_REGISTER, "collection_days", "duties", "duty_visits", "visits"),
}
"""Whose change gives a subject a new mark (``infra.revisions``)."""

CHANNELS = (
    ("BANK_CARD_DEBIT", "银行卡代扣", "Bank-card auto-debit", False),
    ("RECHARGE_CARD", "电费充值卡", "Electricity recharge card", False),
    ("ONE_STOP", "“一站通”缴费", "One-Stop payment", False),
    ("AGENT_OUTLET", "代收电费签约网点", "Contracted agent outlet", True),
    ("BUSINESS_HALL", "供电营业厅柜台", "Utility business hall", False),
    ("CITIZEN_CARD", "市民卡", "Citizen card", False),
    ("UNIONPAY_POS", "银联 POS 机刷卡", "UnionPay POS", False),
    ("ONLINE_BANKING", "网上银行", "Internet banking", False),
    ("PHONE_BANKING", "电话银行", "Telephone banking", False),
    ("BANK_ATM", "银行自助终端（ATM）", "Bank self-service terminal (ATM)", False),
    ("HALL_KIOSK", "营业厅自助缴费机", "Business-hall kiosk", False),
    ("DIGITAL_TV", "数字电视缴费", "Digital-TV payment", False),
    ("ALIPAY", "支付宝缴费", "Alipay", False),
    ("BANK_COUNTER", "银行网点柜面", "Bank branch counter", False),
)

TENDERS = (
    ("CASH", "现金", "Cash", True, False),
    ("UNIONPAY_CARD", "银联卡", "UnionPay card", True, True),
    ("RECHARGE_CARD", "电费充值卡", "Recharge card", True, True),
    ("CITIZEN_CARD", "市民卡", "Citizen card", True, True),
    ("ALIPAY", "支付宝", "Alipay", True, True),
    ("BANK_DEBIT", "银行代扣", "Bank debit", False, True),
    ("WECHAT_PAY", "微信支付", "WeChat Pay", False, True),
    ("UNIONPAY_QR", "银联二维码", "UnionPay QR", False, True),
    ("E_CNY", "数字人民币", "e-CNY", False, True),
)

SERVICES = (
    ("FAULT_REPAIR", "故障报修维修", "Fault report and repair"),
    ("BILL_QUERY_PAY", "电费查询缴纳", "Bill enquiry and payment"),
    ("BUSINESS_CONSULT", "业务咨询代理", "Service advice and applications"),
    ("DISPUTE_MEDIATION", "用电纠纷化解", "Dispute mediation"),
    ("OUTAGE_NOTICE", "停送电公告通知", "Outage notices"),
    ("METER_ROTATION_SIGN", "电表轮换签字确认", "Meter-rotation sign-off"),
    ("INTEGRITY_NOTICE", "农网工程廉政协议公示", "Rural-grid integrity notice"),
)

CHECKLIST = (
    (1, "“代收电费”标识牌在位、清洁、街上看得见", "Sign “代收电费” present, clean, visible from the street", 6, False),
    (
        2,
        "公示牌上台区经理照片、姓名、电话为现任",
        "Notice board shows the present manager’s photo, name, phone",
        6,
        False,
    ),
    (3, "七项便民服务内容已公示", "The seven services are displayed", 5, False),
    (4, "用电宣传资料充足", "Brochures in stock", 4, False),
    (5, "营业时间已公示并遵守", "Opening hours posted and kept", 6, False),
    (6, "在岗人员为登记的代办员", "The person at work is the registered agent", 8, True),
    (7, "终端/POS 在位，编号相符，封签完好", "Terminal or POS present, serial matches, seal intact", 8, True),
    (8, "打印机和纸可用", "Printer works and has paper", 4, False),
    (9, "清点现金与系统未解款一致", "Cash counted equals the system’s unremitted cash", 10, True),
    (10, "抽查三张凭证与系统一致", "Three receipts sampled agree with the system", 8, True),
    (11, "未向客户额外收费（询问两位客户）", "No extra fee charged (two customers asked)", 8, True),
    (12, "现金保管安全（抽屉/保险柜、验钞）", "Cash is kept safe (drawer or safe, note checker)", 6, False),
    (13, "停送电通知已张贴", "Outage notices are posted", 5, False),
    (14, "无户名清单等隐私资料外露", "No household lists lying open", 5, False),
    (15, "已了解并登记村民服务需求", "Villagers’ needs asked for and recorded", 6, False),
    (16, "上次走访问题已整改", "Issues of the last visit are settled", 5, False),
)

OVERLAP = """
    SELECT 1 FROM assignments other
    WHERE other.outlet_id = NEW.outlet_id AND other.id <> COALESCE(NEW.id, -1)
      AND (other.slot = NEW.slot OR other.manager_id = NEW.manager_id)
      AND (other.ends_on IS NULL OR other.ends_on > NEW.starts_on)
      AND (NEW.ends_on IS NULL OR NEW.ends_on > other.starts_on)
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()
    for subject in REVISED:
        op.execute(f"INSERT INTO revisions (subject, mark) VALUES ('{subject}', '')")
    if op.get_bind().dialect.name == "sqlite":
        _revise_sqlite()
    else:
        _revise_postgresql()
    _reference_rows()


def _revise_sqlite() -> None:
    for subject, tables in REVISED.items():
        for table in tables:
            for event in ("INSERT", "UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_revise_{subject}_by_{event.lower()} AFTER {event} ON {table} BEGIN"
                    f" UPDATE revisions SET mark = hex(randomblob(16)) WHERE subject = '{subject}'; END"
                )


def _revise_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION revise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " UPDATE revisions SET mark = gen_random_uuid()::text, transaction_id = txid_current()"
        " WHERE subject = TG_ARGV[0] AND transaction_id IS DISTINCT FROM txid_current();"
        " RETURN NULL; END $$"
    )
    for subject, tables in REVISED.items():
        for table in tables:
            # At the commit: two writers then meet at the subject's row when they hold all else they need.
            op.execute(
                f"CREATE CONSTRAINT TRIGGER {table}_revise_{subject} AFTER INSERT OR UPDATE OR DELETE ON {table}"
                f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION revise('{subject}')"
            )


def _guard_sqlite() -> None:
    for table in APPEND_ONLY:
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER assignments_overlap_{event.lower()} BEFORE {event} ON assignments"
            f" WHEN EXISTS ({OVERLAP}) BEGIN SELECT RAISE(ABORT, 'assignment_overlap'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';"
        " END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    # The outlet's row is locked first: two sessions cannot each miss the other's uncommitted assignment.
    op.execute(
        "CREATE FUNCTION refuse_assignment_overlap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM 1 FROM outlets WHERE id = NEW.outlet_id FOR UPDATE;"
        f" IF EXISTS ({OVERLAP}) THEN"
        " RAISE EXCEPTION 'assignment_overlap' USING ERRCODE = 'exclusion_violation'; END IF;"
        " RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER assignments_overlap BEFORE INSERT OR UPDATE ON assignments"
        " FOR EACH ROW EXECUTE FUNCTION refuse_assignment_overlap()"
    )


def _reference_rows() -> None:
    text, flag, number = sa.String(), sa.Boolean(), sa.BigInteger()
    channels = sa.table(
        "channels",
        sa.column("code", text),
        sa.column("position", number),
        sa.column("name", text),
        sa.column("name_en", text),
        sa.column("agent_enterable", flag),
    )
    op.bulk_insert(
        channels,
        [
            {"code": code, "position": position, "name": name, "name_en": name_en, "agent_enterable": enterable}
            for position, (code, name, name_en, enterable) in enumerate(CHANNELS, 1)
        ],
    )
    tenders = sa.table(
        "tenders",
        sa.column("code", text),
        sa.column("position", number),
        sa.column("name", text),
        sa.column("name_en", text),
        sa.column("enabled", flag),
        sa.column("needs_reference", flag),
    )
    op.bulk_insert(
        tenders,
        [
            {
                "code": code,
                "position": position,
                "name": name,
                "name_en": name_en,
                "enabled": enabled,
                "needs_reference": needs_reference,
            }
            for position, (code, name, name_en, enabled, needs_reference) in enumerate(TENDERS, 1)
        ],
    )
    services = sa.table(
        "services",
        sa.column("code", text),
        sa.column("position", number),
        sa.column("name", text),
        sa.column("name_en", text),
    )
    op.bulk_insert(
        services,
        [
            {"code": code, "position": position, "name": name, "name_en": name_en}
            for position, (code, name, name_en) in enumerate(SERVICES, 1)
        ],
    )
    checklists = sa.table(
        "checklists", sa.column("version", number), sa.column("starts_on", sa.Date()), sa.column("items", sa.JSON())
    )
    op.bulk_insert(
        checklists,
        [
            {
                "version": 1,
                "starts_on": date(2020, 1, 1),
                "items": [
                    {"no": no, "name": name, "name_en": name_en, "weight": weight, "critical": critical}
                    for no, name, name_en, weight, critical in CHECKLIST
                ],
            }
        ],
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            op.execute(f"DROP TRIGGER {table}_no_update")
            op.execute(f"DROP TRIGGER {table}_no_delete")
        op.execute("DROP TRIGGER assignments_overlap_insert")
        op.execute("DROP TRIGGER assignments_overlap_update")
        for subject, tables in REVISED.items():
            for table in tables:
                for event in ("insert", "update", "delete"):
                    op.execute(f"DROP TRIGGER {table}_revise_{subject}_by_{event}")
    else:
        for table in APPEND_ONLY:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
            op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
        op.execute("DROP TRIGGER assignments_overlap ON assignments")
        op.execute("DROP FUNCTION refuse_assignment_overlap()")
        op.execute("DROP FUNCTION refuse_change()")
        for subject, tables in REVISED.items():
            for table in tables:
                op.execute(f"DROP TRIGGER {table}_revise_{subject} ON {table}")
        op.execute("DROP FUNCTION revise()")
    for table in ("checklists", "services", "tenders", "channels", "revisions"):
        op.execute(f"DELETE FROM {table}")
