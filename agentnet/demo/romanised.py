"""Chinese place names in pinyin, for the English face of the demo's org units."""

from __future__ import annotations

from collections.abc import Mapping

_TABLE = """
温岭 Wenling 南湖 Nanhu 秀洲 Xiuzhou 嘉善 Jiashan 海盐 Haiyan 海宁 Haining 平湖 Pinghu 桐乡 Tongxiang
建设 Jianshe 解放 Jiefang 新嘉 Xinjia 新兴 Xinxing 城南 Chengnan 东栅 Dongzha 长水 Changshui 七星 Qixing
凤桥 Fengqiao 余新 Yuxin 新丰 Xinfeng 大桥 Daqiao 新城 Xincheng 嘉北 Jiabei 塘汇 Tanghui 高照 Gaozhao
王江泾 Wangjiangjing 油车港 Youchegang 新塍 Xincheng 王店 Wangdian 洪合 Honghe 魏塘 Weitang 罗星 Luoxing
惠民 Huimin 大云 Dayun 西塘 Xitang 干窑 Ganyao 陶庄 Taozhuang 姚庄 Yaozhuang 天凝 Tianning 武原 Wuyuan
西塘桥 Xitangqiao 秦山 Qinshan 望海 Wanghai 沈荡 Shendang 百步 Baibu 于城 Yucheng 澉浦 Ganpu 通元 Tongyuan
硖石 Xiashi 海洲 Haizhou 海昌 Haichang 马桥 Maqiao 许村 Xucun 长安 Chang'an 周王庙 Zhouwangmiao 丁桥 Dingqiao
斜桥 Xieqiao 黄湾 Huangwan 盐官 Yanguan 袁花 Yuanhua 当湖 Danghu 钟埭 Zhongdai 曹桥 Caoqiao 乍浦 Zhapu
新埭 Xindai 新仓 Xincang 广陈 Guangchen 林埭 Lindai 独山港 Dushangang 梧桐 Wutong 凤鸣 Fengming 高桥 Gaoqiao
乌镇 Wuzhen 濮院 Puyuan 屠甸 Tudian 石门 Shimen 河山 Heshan 洲泉 Zhouquan 大麻 Dama 崇福 Chongfu
太平 Taiping 城东 Chengdong 城西 Chengxi 城北 Chengbei 横峰 Hengfeng 泽国 Zeguo 大溪 Daxi 松门 Songmen
箬横 Ruoheng 新河 Xinhe 石塘 Shitang 滨海 Binhai 温峤 Wenqiao 石桥头 Shiqiaotou 坞根 Wugen
"""

_WORDS = _TABLE.split()

NAMES: Mapping[str, str] = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))


def romanised(name: str) -> str:
    """Return a place name in pinyin, or as it is where the table has none.

    >>> romanised("箬横"), romanised("乌有")
    ('Ruoheng', '乌有')
    """
    return NAMES.get(name, name)
