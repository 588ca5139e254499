// Package catalog holds the nouns the county shares, units, columns, items,
// revisions and entries, and what is always true of them. It promises to know
// no technology: no database, no network, no page.
package catalog

import (
	"time"

	"zhanqun/protocol"
)

// Levels of a unit, from the top.
const (
	LevelCounty     = "county"
	LevelDepartment = "department"
	LevelTownship   = "township"
	LevelVillage    = "village"
)

// Unit is an organisation: the county, a department, a township or a village.
type Unit struct {
	Code   string `json:"code"` // 6, 9 or 12 digits in the national scheme; the key
	Name   string `json:"name"`
	Level  string `json:"level"`
	Parent string `json:"parent"` // code one level up
}

// Step is one review step of a column.
type Step struct {
	Name string `json:"name"` // 初审, 复审, 终审
	Role string `json:"role"` // least role that may decide it: reviewer or chief
}

// Column is a part of the portal that holds entries.
type Column struct {
	Slug     string `json:"slug"`
	Name     string `json:"name"`
	Position int    `json:"position"`
	Steps    []Step `json:"steps"` // at least one
	Closed   bool   `json:"closed"`
}

// FirstColumns are the columns of a new hub. They can be edited afterwards.
func FirstColumns() []Column {
	first := Step{Name: "初审", Role: "reviewer"}
	final := Step{Name: "终审", Role: "chief"}
	return []Column{
		{Slug: "headline", Name: "要闻", Position: 1, Steps: []Step{first, final}},
		{Slug: "township", Name: "乡镇传真", Position: 2, Steps: []Step{first}},
		{Slug: "department", Name: "部门动态", Position: 3, Steps: []Step{first}},
		{Slug: "photo", Name: "图片新闻", Position: 4, Steps: []Step{first}},
		{Slug: "notice", Name: "通知公告", Position: 5, Steps: []Step{first, final}},
		{Slug: "policy", Name: "政策文件", Position: 6, Steps: []Step{first, final}},
		{Slug: "village", Name: "村务公开", Position: 7, Steps: []Step{first}},
	}
}

// StateNames are the states of an item as a reviewer reads them.
var StateNames = map[protocol.State]string{
	protocol.StateReceived:  "待审",
	protocol.StateInReview:  "审核中",
	protocol.StateReturned:  "已退回",
	protocol.StateRejected:  "不采用",
	protocol.StateApproved:  "待发布",
	protocol.StateAdopted:   "已采用",
	protocol.StateCorrected: "已更正",
	protocol.StateWithdrawn: "已撤回",
}

// Item is what one node handed in under one id, as it stands now. Its fields
// are those of the latest revision.
type Item struct {
	ID           string                `json:"id"`
	Node         string                `json:"node"`
	Unit         string                `json:"unit"`
	UnitName     string                `json:"unitName"`
	Origin       string                `json:"origin,omitempty"` // code of the village it came from
	OriginName   string                `json:"originName,omitempty"`
	Title        string                `json:"title"`
	Body         string                `json:"body,omitempty"` // cleaned HTML; only where it is asked for
	Column       string                `json:"column"`
	Source       string                `json:"source"`
	Author       string                `json:"author"`
	Revision     int                   `json:"revision"`
	LiveRevision int                   `json:"liveRevision,omitempty"` // the one on the portal
	Entry        string                `json:"entry,omitempty"`        // portal entry it is part of
	State        protocol.State        `json:"state"`
	Step         int                   `json:"step"`                // 1 … the step that is due
	DueRole      string                `json:"dueRole,omitempty"`   // role whose step is due; empty when none is
	Emergency    bool                  `json:"emergency,omitempty"` // on the portal before all its steps were done
	PublishAt    time.Time             `json:"publishAt,omitzero"`  // when an approved item is to be published; zero for at once
	SubmittedAt  time.Time             `json:"submittedAt"`
	ReceivedAt   time.Time             `json:"receivedAt"`
	UpdatedAt    time.Time             `json:"updatedAt"`
	ClaimedBy    string                `json:"claimedBy,omitempty"` // account id while the claim lasts
	ClaimedName  string                `json:"claimedName,omitempty"`
	ClaimedUntil time.Time             `json:"claimedUntil,omitzero"`
	Attachments  []protocol.Attachment `json:"attachments"`
	Flags        []string              `json:"flags"` // id_card, phone, bank_card, secrecy …
}

// Revision is one text of an item as its node sent it.
type Revision struct {
	Item        string                `json:"item"`
	Revision    int                   `json:"revision"`
	Title       string                `json:"title"`
	Body        string                `json:"body"`
	Column      string                `json:"column"`
	Author      string                `json:"author"`
	Source      string                `json:"source"`
	Reviewer    string                `json:"reviewer,omitempty"`
	Note        string                `json:"note,omitempty"`
	Override    string                `json:"override,omitempty"`
	EndorsedBy  string                `json:"endorsedBy,omitempty"`
	Attachments []protocol.Attachment `json:"attachments"`
	Flags       []string              `json:"flags"`
	Epoch       string                `json:"-"`
	Seq         uint64                `json:"-"` // position in the node's up log
	SubmittedAt time.Time             `json:"submittedAt"`
	ReceivedAt  time.Time             `json:"receivedAt"`
}

// Actions of a decision.
const (
	ActionApprove  = "approve"
	ActionReturn   = "return"
	ActionReject   = "reject"
	ActionWithdraw = "withdraw"
)

// Decision is what one person decided on one revision at one step.
type Decision struct {
	ID       string   `json:"id"`
	Item     string   `json:"item"`
	Revision int      `json:"revision"`
	Step     int      `json:"step"`
	Action   string   `json:"action"`
	Reason   string   `json:"reason,omitempty"` // a code of protocol.Reasons
	Fields   []string `json:"fields,omitempty"`
	Comment  string   `json:"comment,omitempty"`
	Override string   `json:"override,omitempty"` // why personal data in it may be public
	Columns  []string `json:"columns,omitempty"`
	Note     string   `json:"note,omitempty"` // what was corrected, for readers
	// Emergency marks an approval that published before the steps between were
	// done. Step is then the last one, which it stands for.
	Emergency bool      `json:"emergency,omitempty"`
	Role      string    `json:"role"` // of the account, when it decided
	Account   string    `json:"account"`
	Name      string    `json:"name"`
	At        time.Time `json:"at"`
}

// Outlets an item can be adopted by, from the county up.
const (
	OutletCounty   = "county"
	OutletCity     = "city"
	OutletProvince = "province"
	OutletState    = "state"
)

// Adoption is the record that an outlet took an item over.
type Adoption struct {
	ID      string    `json:"id"`
	Item    string    `json:"item"`
	Outlet  string    `json:"outlet"` // county, city, province, state
	URL     string    `json:"url,omitempty"`
	Entry   string    `json:"entry,omitempty"`
	At      time.Time `json:"at"`
	Account string    `json:"account"`
}

// States of an entry.
const (
	EntryLive      = "live"
	EntryWithdrawn = "withdrawn"
)

// Entry is what readers of the portal get: the text of one item, or of several
// combined.
type Entry struct {
	ID          string
	Title       string
	Body        string // cleaned HTML; files as att:<sha256>
	State       string
	Version     int // 1, 2 …: grows with each correction
	Combined    bool
	Credit      string    // line that names the units
	Note        string    // what was corrected, for readers
	Reason      string    // why it was withdrawn, neutral, for readers
	Successor   string    // address of what took a withdrawn entry's place, or ""
	PinnedUntil time.Time // stands on top of its lists until then
	PublishedAt time.Time
	UpdatedAt   time.Time // moves only when readers' copy changes
	CorrectedAt time.Time // when its text was corrected last; zero if it never was
	WithdrawnAt time.Time
	Sources     []EntrySource
	Columns     []string
	Files       []protocol.Attachment
}

// EntrySource is one item's part in an entry; each keeps its own credit.
type EntrySource struct {
	Item       string
	Revision   int
	Unit       string
	UnitName   string
	Origin     string
	OriginName string
	Author     string
}

// Event is one change, for programs that follow the hub.
type Event struct {
	Seq  uint64    `json:"seq"` // 1, 2, 3 … without gaps
	At   time.Time `json:"at"`
	Kind string    `json:"kind"` // item.received, item.decided, entry.published …
	Ref  string    `json:"ref"`  // id of the thing that changed
	Data string    `json:"data,omitempty"`
}
