package fresh

import (
	"time"
)

// State is what a reading says of a column.
type State string

// The states of a column.
const (
	Fresh   State = "fresh"   // updated within its class's period
	Stale   State = "stale"   // was read, and has no update within the period
	Blank   State = "blank"   // was read, and holds nothing
	Unknown State = "unknown" // could not be told; Reason says why
)

// Label is the state's name in Chinese.
func (s State) Label() string {
	return map[State]string{Fresh: "按时更新", Stale: "超期未更新", Blank: "空白栏目", Unknown: "无法判断"}[s]
}

// Reason is why a state was given; empty for a plain one.
type Reason string

// Reasons.
const (
	ReasonOverdue  Reason = "overdue"  // stale: the newest date lies before the window
	ReasonUndated  Reason = "undated"  // stale: no item shows a date of publication
	ReasonDoubtful Reason = "doubtful" // stale: no date can be believed
	ReasonNotice   Reason = "notice"   // blank: the page says that there is nothing
	ReasonTemplate Reason = "template" // blank: the links of the list lead nowhere
	ReasonNoItems  Reason = "no_items" // blank: nothing but the page's frame
	ReasonScript   Reason = "script"   // unknown: a script puts the list into the page
	ReasonFrame    Reason = "frame"    // unknown: the list is in a frame that could not be read
	ReasonMenu     Reason = "menu"     // unknown: the page leads to further columns only
	ReasonSingle   Reason = "single"   // unknown: one text without a date, not a list
	ReasonArticles Reason = "articles" // unknown: dates stand in the articles, which could not be read
	ReasonGone     Reason = "gone"     // unknown: the column's page is not there
	ReasonUnread   Reason = "unread"   // unknown: the column's page could not be read
)

// Flag is a finding beside the state.
type Flag string

// Flags of items.
const (
	FlagFuture    Flag = "future"    // dated ahead
	FlagBackDated Flag = "backdated" // first seen long after its date
	FlagRestamped Flag = "restamped" // an old item with a newer date
)

// Label is the flag's name in Chinese.
func (f Flag) Label() string {
	return map[Flag]string{FlagFuture: "日期在未来", FlagBackDated: "补填旧日期", FlagRestamped: "旧稿改新日期"}[f]
}

// Places where an item's date may stand.
const (
	PlaceList    = "list"    // beside the item
	PlaceTitle   = "title"   // at the end or beginning of its title
	PlaceAddress = "address" // in its address
	PlaceArticle = "article" // on the article's page
	PlaceMeta    = "meta"    // in the head of the article's page
	PlaceColumn  = "column"  // in the column the item stands in as well
	PlaceHub     = "hub"     // in the hub's own records: it came through the hub
)

var placeNames = map[string]string{
	PlaceList: "列表", PlaceTitle: "标题首尾", PlaceAddress: "网址", PlaceArticle: "文章页面", PlaceMeta: "文章页面的标签", PlaceHub: "平台发布记录", PlaceColumn: "所在栏目",
}

// Item is one item of the column's list.
type Item struct {
	Title   string `json:"title"`
	URL     string `json:"url,omitempty"`   // resolved; empty where a script opens it
	Day     Day    `json:"date"`            // of publication as shown; null for none
	Clock   string `json:"time,omitempty"`  // 14:05, where it is shown
	Text    string `json:"text,omitempty"`  // the date as it is written
	Place   string `json:"place,omitempty"` // where it is written
	Guessed bool   `json:"yearGuessed,omitempty"`
	Flags   []Flag `json:"flags,omitempty"`

	made bool // the date is that of the document, its publication may be later
}

// Has tells whether i carries flag f.
func (i Item) Has(f Flag) bool {
	for _, g := range i.Flags {
		if g == f {
			return true
		}
	}
	return false
}

// Reading is what one look at a column brought to light.
type Reading struct {
	URL        string    `json:"url"`             // as asked
	Final      string    `json:"final,omitempty"` // where it was read
	Title      string    `json:"title"`           // of the page
	Charset    string    `json:"charset"`
	State      State     `json:"state"`
	Reason     Reason    `json:"reason,omitempty"`
	LastUpdate Day       `json:"lastUpdate"` // newest day of publication that counts; null for none
	Class      Class     `json:"class"`
	Days       int       `json:"days,omitempty"` // a period of the column's own, see Rule
	Since      Day       `json:"since"`          // first day of the window, by the calendar
	SinceDays  Day       `json:"sinceDays"`      // the same, counted in days
	InDays     bool      `json:"freshByDays"`    // in time when counted in days
	Last       Day       `json:"last,omitempty"` // last day on which it is in time without a new update
	Single     bool      `json:"single,omitempty"`
	Count      int       `json:"count"` // items in the main list of this page
	Items      []Item    `json:"items"`
	Evidence   []string  `json:"evidence"`
	Facts      []Fact    `json:"-"` // Evidence in parts, for other languages
	CheckedAt  time.Time `json:"checkedAt"`

	grounds int // lines of Evidence before those of the verdict
}

// rule is how often the column has to be updated.
func (r *Reading) rule() Rule { return Rule{r.Class, r.Days} }

// window sets the windows that end at a check point.
func (r *Reading) window(checkPoint time.Time) {
	r.Since, r.SinceDays = r.rule().Since(checkPoint, true), r.rule().Since(checkPoint, false)
}

// newest returns the item with the newest day that counts, nil if there is
// none.
func newest(items []Item) *Item {
	var best *Item
	for i := range items {
		it := &items[i]
		if it.Day == "" || it.Has(FlagFuture) || it.Has(FlagBackDated) {
			continue
		}
		if best == nil || it.Day > best.Day || it.Day == best.Day && it.Clock > best.Clock {
			best = it
		}
	}
	return best
}
