"""What people read for levels, settings and kinds of unit; translated where it is shown."""

from __future__ import annotations

from collections.abc import Mapping

from agentnet.core.words import translatable
from agentnet.divisions.models import DivisionLevel, OrgKind, Setting

LEVELS: Mapping[DivisionLevel, str] = {
    DivisionLevel.PROVINCE: translatable("省"),
    DivisionLevel.CITY: translatable("市"),
    DivisionLevel.COUNTY: translatable("县（市、区）"),
    DivisionLevel.TOWNSHIP: translatable("乡镇、街道"),
    DivisionLevel.VILLAGE: translatable("村、社区"),
}
SETTINGS: Mapping[Setting, str] = {Setting.URBAN: translatable("城镇"), Setting.RURAL: translatable("乡村")}
ORG_KINDS: Mapping[OrgKind, str] = {
    OrgKind.COMPANY: translatable("公司"),
    OrgKind.CITY: translatable("市级供电公司"),
    OrgKind.COUNTY: translatable("县级供电公司"),
    OrgKind.STATION: translatable("供电所"),
}
