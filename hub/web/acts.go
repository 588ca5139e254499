package web

// actNames are the acts of the audit log in words. An act without a name shows
// as it is written.
var actNames = map[string]string{
	"item.approve":         "审核通过",
	"item.return":          "退回修改",
	"item.reject":          "不采用",
	"item.withdraw":        "从门户撤回",
	"item.adopt":           "登记上级采用",
	"item.claim_broken":    "接手别人领取的信息",
	"item.decision_lapsed": "决定失效：报送单位交来了新稿",
	"entry.combine":        "综合发布",
	"node.invite":          "发入网码",
	"node.join":            "节点入网",
	"node.epoch":           "节点换了数据库",
	"node.frozen":          "冻结节点",
	"node.active":          "解除冻结",
	"node.revoked":         "吊销节点",
	"unit.import":          "导入单位清单",
	"column.save":          "保存栏目",
	"site.save":            "登记站点",
	"site.check":           "要求检查站点",
	"finding.struckoff":    "核减预警",
	"finding.recheck":      "退回预警",
	"finding.open":         "退回预警",
	"user.add":             "新建账号",
	"user.edit":            "修改账号",
	"user.disable":         "停用账号",
	"user.enable":          "启用账号",
	"user.password":        "更换密码",
	"token.add":            "建立令牌",
	"token.revoke":         "作废令牌",
}
