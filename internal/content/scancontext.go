package content

import (
	"strings"
	"unicode/utf8"
)

// glued reports whether what stands before byte i makes a number there part of
// something else: a letter, a decimal point, a currency sign.
func glued(s string, i int) bool {
	r, n := utf8.DecodeLastRuneInString(s[:i])
	switch {
	case r == '.':
		before, _ := utf8.DecodeLastRuneInString(s[:i-n])
		return before >= '0' && before <= '9'
	case strings.ContainsRune("¥￥$＄€", r):
		return true
	case !wordRune(r):
		return false
	}
	return !contactWord(s[max(0, i-8):i])
}

// contactWord reports whether s ends with a word people write straight before a
// telephone number: "tel13800001111" is a number all the same.
func contactWord(s string) bool {
	rest := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	switch strings.ToLower(s[len(rest):]) {
	case "tel", "phone", "mobile", "mob", "cell", "wx", "vx", "weixin", "wechat", "qq", "t", "m", "dh", "sj", "sjh", "id", "sfz":
		return true
	}
	return false
}

// gluedAfter is glued for what stands behind a number that ends at byte i.
func gluedAfter(s string, i int) bool {
	r, n := utf8.DecodeRuneInString(s[i:])
	rest := s[i+n:]
	switch {
	case wordRune(r), r == '%', r == '％', r == '‰', r == '亿', r == '㎡':
		return true
	case r == '.':
		_, d := digitAt(rest, 0)
		return d > 0
	case r == '元':
		return !hasAnyPrefix(rest, "旦", "宵", "月")
	case r == '万':
		return hasAnyPrefix(rest, "元", "人", "亩", "吨", "平方", "股", "公里", "件", "户", "只", "头", "美元")
	}
	return false
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// otherNumbers are names of numbers that are of no person.
var otherNumbers = strings.Fields("订单号 订单编号 单号 合同编号 合同号 项目编号 项目代码 项目编码 凭证号 凭证编号 发票号 发票号码 发票代码 " +
	"流水号 流水编号 交易号 批次 批号 条码 条形码 编码 信用代码 区划代码 代码 时间戳 文号 统计编号 序列号 图号 档案号 受理号 受理编号 备案号 许可证号")

// named reports whether the text straight before byte i calls the number by one
// of words; up to four blanks or marks such as "：" may stand between.
func named(s string, i int, words []string) bool {
	left := strings.TrimRight(s[max(0, i-64):i], spaces+"：:为是=（(#№\"“'")
	for _, w := range words {
		if strings.HasSuffix(left, w) {
			return true
		}
	}
	return false
}

// cardWords say that a number near them is a bank account.
var cardWords = strings.Fields("卡号 账号 帐号 账户 帐户 银行卡 储蓄卡 借记卡 信用卡 一卡通 存折 工资卡 社保卡 惠农卡 开户行")

// idWords say that a number near them is an identity number.
var idWords = strings.Fields("身份证 公民身份 证件号")

// near reports whether one of words stands in the 16 characters before byte i.
func near(s string, i int, words []string) bool {
	left := s[max(0, i-48):i]
	for _, w := range words {
		if strings.Contains(left, w) {
			return true
		}
	}
	return false
}

// inURL reports whether byte i lies inside the address of a page. Addresses end
// at white space, quotes, and anything that is not ASCII.
func inURL(s string, i int) bool {
	start := i
	for start > 0 && i-start < maxURL {
		c := s[start-1]
		if c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '<' || c == '>' {
			break
		}
		start--
	}
	token := strings.ToLower(s[start:i])
	return strings.Contains(token, "://") || strings.Contains(token, "www.")
}
