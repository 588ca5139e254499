package review

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Request is one decision on one item.
type Request struct {
	Item     string   `json:"item"`
	Revision int      `json:"revision"` // the one that was read
	Action   string   `json:"action"`   // approve, return, reject, withdraw
	Reason   string   `json:"reason,omitempty"`
	Fields   []string `json:"fields,omitempty"` // JSON names of protocol.Submit's fields
	Comment  string   `json:"comment,omitempty"`
	Override string   `json:"override,omitempty"` // approve: why personal data may be public
	Columns  []string `json:"columns,omitempty"`  // approve: slugs; none for the item's own
	Note     string   `json:"note,omitempty"`     // approve: what was corrected, for readers
	// Emergency publishes before the last steps are done; a chief's approval
	// only, with the reason as Comment. They are done afterwards.
	Emergency bool `json:"emergency,omitempty"`
	// PublishAt is when to publish, for the approval of the last step; zero for
	// at once.
	PublishAt time.Time `json:"publishAt,omitzero"`
	// URL is what took the place of what is withdrawn, for readers.
	URL string `json:"url,omitempty"`
}

// Part names an item of a combination. Revision 0 means the latest.
type Part struct {
	Item     string
	Revision int
}

// Combination makes one entry of several items, or of one whose text was edited
// at the county.
type Combination struct {
	Items    []Part
	Title    string
	Body     string // HTML; files of the items as att:<sha256>
	Columns  []string
	Comment  string
	Override string
	Note     string
}

// Outlet is an adoption above the county.
type Outlet struct {
	Outlet string // city, province, state
	URL    string
	At     time.Time // zero for now
}

// Outlets an item can be adopted by, from the county up.
const (
	OutletCounty   = catalog.OutletCounty
	OutletCity     = catalog.OutletCity
	OutletProvince = catalog.OutletProvince
	OutletState    = catalog.OutletState
)

const (
	maxParts   = 50
	maxColumns = 10
	maxFiles   = 100
)

// Fields are the fields of an item that a return can point at, with their names.
var Fields = []struct{ Key, Name string }{
	{"title", "标题"}, {"body", "正文"}, {"column", "栏目"}, {"author", "作者"}, {"source", "信息来源"},
	{"reviewer", "审签人"}, {"attachments", "附件"}, {"override", "公开理由"}, {"note", "说明"},
}

func knownField(key string) bool {
	for _, f := range Fields {
		if f.Key == key {
			return true
		}
	}
	return false
}

// check holds what can be told from the request alone.
func (q *Request) check(now time.Time) error {
	q.URL = strings.TrimSpace(q.URL)
	q.Comment, q.Override, q.Note = strings.TrimSpace(q.Comment), strings.TrimSpace(q.Override), strings.TrimSpace(q.Note)
	if q.Revision < 1 {
		return fault.Field("revision", "请写明审的是第几稿。")
	}
	if err := checkTexts(q.Comment, q.Override, q.Note); err != nil {
		return err
	}
	if q.URL != "" {
		if q.Action != catalog.ActionWithdraw {
			return fault.Field("url", "只有撤回时才填新内容的网址。")
		}
		if err := checkURL(q.URL); err != nil {
			return err
		}
	}
	switch q.Action {
	case catalog.ActionApprove:
		return q.checkApproval(now)
	case catalog.ActionReturn, catalog.ActionReject, catalog.ActionWithdraw:
	default:
		return fault.Field("action", "审核动作只能是通过、退回、不采用或撤回。")
	}
	if q.Reason == "" {
		return fault.Field("reason", "请选择原因，供稿单位要据此修改。")
	}
	if _, ok := protocol.ReasonOf(q.Reason); !ok {
		return fault.Field("reason", "没有这个原因代码。")
	}
	for _, f := range q.Fields {
		if !knownField(f) {
			return fault.Field("field", "没有“"+f+"”这一栏。")
		}
	}
	if q.Reason == "other" && q.Comment == "" {
		return fault.Field("comment", "原因选“其他”时，请写明意见。")
	}
	if q.Action == catalog.ActionReturn && q.Comment == "" && len(q.Fields) == 0 {
		return fault.Field("comment", "退回时请写明意见，或指出要改哪一栏。")
	}
	return nil
}

func (q *Request) checkApproval(now time.Time) error {
	if q.Emergency && q.Comment == "" {
		return fault.Field("comment", "紧急发布要写明理由，补审的人要看。")
	}
	if q.Emergency && !q.PublishAt.IsZero() {
		return fault.Field("publishAt", "紧急发布是马上发布，不能再定时。")
	}
	if err := checkHour(q.PublishAt, now); err != nil {
		return err
	}
	return checkColumns(q.Columns)
}

func checkTexts(comment, override, note string) error {
	for _, t := range []struct{ field, name, text string }{
		{"comment", "意见", comment}, {"override", "公开理由", override}, {"note", "更正说明", note},
	} {
		if err := checkText(t.field, t.name, t.text); err != nil {
			return err
		}
	}
	return nil
}

func checkText(field, name, text string) error {
	if n := utf8.RuneCountInString(text); n > protocol.MaxTextRunes {
		return fault.Field(field, fmt.Sprintf("%s有 %d 个字，最多 %d 个字。", name, n, protocol.MaxTextRunes))
	}
	if !readable(text) {
		return fault.Field(field, name+"里有无法显示的字符。")
	}
	return nil
}

func checkURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(address) > 2000 || !readable(address) {
		return fault.Field("url", "请填写以 http:// 或 https:// 开头的完整网址。")
	}
	return nil
}

func readable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
}

func checkColumns(columns []string) error {
	if len(columns) > maxColumns {
		return fault.Field("columns", fmt.Sprintf("最多选 %d 个栏目。", maxColumns))
	}
	for i, c := range columns {
		if !protocol.ValidSlug(c) || slices.Contains(columns[:i], c) {
			return fault.Field("columns", "栏目无效或重复："+strings.ToValidUTF8(c, "?"))
		}
	}
	return nil
}

func (q *Combination) check() error {
	q.Title = strings.Join(strings.Fields(q.Title), " ")
	q.Comment, q.Override, q.Note = strings.TrimSpace(q.Comment), strings.TrimSpace(q.Override), strings.TrimSpace(q.Note)
	if len(q.Items) == 0 || len(q.Items) > maxParts {
		return fault.Field("items", fmt.Sprintf("请选择 1 到 %d 条信息。", maxParts))
	}
	for i, p := range q.Items {
		if !protocol.ValidUUID(p.Item) || slices.ContainsFunc(q.Items[:i], func(o Part) bool { return o.Item == p.Item }) {
			return fault.Field("items", "信息编号无效或重复。")
		}
	}
	switch n := utf8.RuneCountInString(q.Title); {
	case n == 0:
		return fault.Field("title", "标题不能为空。")
	case n > protocol.MaxTitleRunes:
		return fault.Field("title", fmt.Sprintf("标题有 %d 个字，最多 %d 个字。", n, protocol.MaxTitleRunes))
	case !readable(q.Title):
		return fault.Field("title", "标题里有无法显示的字符。")
	case strings.TrimSpace(q.Body) == "":
		return fault.Field("body", "正文不能为空。")
	case len(q.Body) > protocol.MaxBodyBytes:
		return fault.Field("body", fmt.Sprintf("正文超过 %d KiB，请缩短。", protocol.MaxBodyBytes>>10))
	}
	if err := checkTexts(q.Comment, q.Override, q.Note); err != nil {
		return err
	}
	return checkColumns(q.Columns)
}

func (q *Outlet) check(now time.Time) error {
	switch q.Outlet {
	case OutletCity, OutletProvince, OutletState:
	default:
		return fault.Field("outlet", "采用单位只能是市级（city）、省级（province）或国家级（state）。")
	}
	if q.URL != "" {
		if err := checkURL(q.URL); err != nil {
			return err
		}
	}
	if q.At.IsZero() {
		q.At = now
	}
	// A record dated ahead would count for a period that has not begun; ten
	// minutes forgive a clock.
	if q.At.After(now.Add(10*time.Minute)) || q.At.Year() < 2000 {
		return fault.Field("at", "采用时间不对，请检查日期。")
	}
	return nil
}
