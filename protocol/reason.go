package protocol

// Reason is a coded reason for a return or a rejection.
type Reason struct {
	Code string
	Name string // what a liaison reads
	Do   string // what to do about it
}

// Reasons are the coded reasons, in the order they are offered. A comment may
// say more; the code is what statistics count.
var Reasons = []Reason{
	{"element", "要素不全", "请补齐时间、地点、人物、结果等要素后重新提交。"},
	{"format", "标题或格式不规范", "请按提示修改标题或版式后重新提交。"},
	{"fact", "事实待核实", "请核对事实、数字和人名职务后重新提交。"},
	{"photo", "图片不合格", "请更换清晰的原图，并写上图片说明。"},
	{"source", "来源不明", "请写明信息来源。"},
	{"column", "栏目不符", "请改选合适的栏目。"},
	{"word", "错别字或敏感表述", "请改正标出的字词。"},
	{"link", "链接失效", "请更换或删除打不开的链接。"},
	{"privacy", "涉及个人信息", "请删去或遮盖身份证号、电话、银行卡号等个人信息。"},
	{"secrecy", "涉密或不宜公开", "请勿再次上报，并联系保密审查人。"},
	{"unsigned", "缺少审签人", "请补填本单位审签人。"},
	{"stale", "时效已过", "请报送近期的信息。"},
	{"duplicate", "内容重复", "同一内容已经报送或发布，不必重复报送。"},
	{"quality", "信息价值不高", "请挖掘做法、成效和数据后再报。"},
	{"unsuitable", "不适合在门户发布", "可在本单位渠道发布。"},
	{"superseded", "已有更新的内容", "以新内容为准。"},
	{"error", "发布有误", "内容已从门户撤下。"},
	{"other", "其他", "请看审核意见。"},
}

// ReasonOf returns the reason with the given code.
func ReasonOf(code string) (Reason, bool) {
	for _, r := range Reasons {
		if r.Code == code {
			return r, true
		}
	}
	return Reason{}, false
}
