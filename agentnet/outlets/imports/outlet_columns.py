"""The columns of a file of outlets, and the words in which people give kinds, tenders and services."""

from __future__ import annotations

from collections.abc import Mapping

from agentnet.core.masks import mask_name, mask_phone
from agentnet.core.words import translatable
from agentnet.divisions.rules import read_code
from agentnet.divisions.words import SETTINGS
from agentnet.infra.columns import Column, code, day, degrees, one_of, several_of, words, yes_or_no
from agentnet.outlets.rules import clean_code, clean_phone
from agentnet.outlets.words import COORDINATE_SOURCES, OUTLET_KINDS

TENDER_WORDS: Mapping[str, str] = {
    "CASH": translatable("现金"),
    "UNIONPAY_CARD": translatable("银联卡"),
    "RECHARGE_CARD": translatable("电费充值卡"),
    "CITIZEN_CARD": translatable("市民卡"),
    "ALIPAY": translatable("支付宝"),
    "BANK_DEBIT": translatable("银行代扣"),
    "WECHAT_PAY": translatable("微信支付"),
    "UNIONPAY_QR": translatable("银联二维码"),
    "KEEPER_QR": translatable("代办员收款码"),
    "E_CNY": translatable("数字人民币"),
}
SERVICE_WORDS: Mapping[str, str] = {
    "FAULT_REPAIR": translatable("故障报修维修"),
    "BILL_QUERY_PAY": translatable("电费查询缴纳"),
    "BUSINESS_CONSULT": translatable("业务咨询代理"),
    "DISPUTE_MEDIATION": translatable("用电纠纷化解"),
    "OUTAGE_NOTICE": translatable("停送电公告通知"),
    "METER_ROTATION_SIGN": translatable("电表轮换签字确认"),
    "INTEGRITY_NOTICE": translatable("农网工程廉政协议公示"),
}
KIND_ALIASES = {
    "village postal station": "VILLAGE_POST",
    "convenience store": "CONVENIENCE_STORE",
    "service point": "SERVICE_POINT",
    "便民服务站": "SERVICE_POINT",
    "village service centre": "VILLAGE_CENTRE",
    "便民服务中心": "VILLAGE_CENTRE",
    "business hall": "BUSINESS_HALL",
    "营业厅": "BUSINESS_HALL",
}

COLUMNS = (
    Column("code", translatable("网点编号"), clean_code, ("编号", "outlet code"), example="WL0001"),
    Column("name", translatable("网点名称"), words(120), ("名称",), example="小河头村邮站"),
    Column("kind", translatable("网点类型"), one_of(OUTLET_KINDS, KIND_ALIASES), ("类型",), example="村邮站"),
    Column("org_unit", translatable("供电所编号"), code(), ("单位编号", "org unit code"), example="WL-TP"),
    Column(
        "division_code",
        translatable("村（社区）代码"),
        read_code,
        ("行政区划代码", "village code"),
        example="331081001204",
    ),
    Column("address", translatable("地址"), words(200), example="小河头村1号"),
    Column("setting", translatable("城乡属性"), one_of(SETTINGS), needed=False, example="乡村"),
    Column(
        "phone", translatable("联系电话"), clean_phone, ("电话",), needed=False, mask=mask_phone, example="13800000000"
    ),
    Column("keeper_name", translatable("代办员"), words(120), ("代办人", "keeper"), needed=False, mask=mask_name),
    Column("partner", translatable("合作单位编号"), clean_code, ("partner code",), needed=False, example="POST"),
    Column("partner_outlet_no", translatable("合作单位网点号"), code(), needed=False),
    Column("host", translatable("托管的便民服务中心编号"), clean_code, ("托管网点", "host code"), needed=False),
    Column("staffed", translatable("有人值守"), yes_or_no, needed=False, example="是"),
    Column("longitude", translatable("经度"), degrees(180), ("lng", "lon"), needed=False),
    Column("latitude", translatable("纬度"), degrees(90), ("lat",), needed=False),
    Column("coordinate_source", translatable("坐标来源"), one_of(COORDINATE_SOURCES), needed=False),
    Column("coordinate_synthetic", translatable("坐标为推算"), yes_or_no, needed=False),
    Column("applied_on", translatable("申请日期"), day, needed=False, example="2026-11-03"),
    Column("tenders", translatable("支付方式"), several_of(TENDER_WORDS), needed=False, example="现金、银联卡"),
    Column("services", translatable("服务项目"), several_of(SERVICE_WORDS), needed=False, example="电费查询缴纳"),
)
DIRECT = ("name", "kind", "division_code", "address", "setting", "phone", "keeper_name", "partner_outlet_no",
          "staffed", "longitude", "latitude", "coordinate_source", "coordinate_synthetic")  # fmt: skip
"""Columns of the file that are columns of the outlet."""
