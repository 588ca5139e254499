package protocol

import (
	"fmt"
	"time"
)

// Receipt says that the hub has committed every entry of the node's up log
// through a position. It is cumulative. A node whose own entry at that position
// has another digest is not the only one under its identity: what was received
// is another machine's, and the receipt says nothing about its own log.
type Receipt struct {
	Epoch   string `json:"epoch"`
	Through uint64 `json:"through"`
	// Hash is the digest of the entry at Through. It is empty when that position
	// is still open for the entry the node has signed.
	Hash string `json:"sha256,omitempty"`
}

// Validate implements Message.
func (m *Receipt) Validate() []Fault {
	var c checker
	c.token("epoch", m.Epoch)
	return c.faults
}

// Refusal says that one entry of the up log can never be applied. The receipt
// passes it all the same; the hub keeps it whole.
type Refusal struct {
	Epoch    string `json:"epoch"`
	Seq      uint64 `json:"seq"`
	Kind     Kind   `json:"kind"`
	Item     string `json:"item,omitempty"`
	Revision int    `json:"revision,omitempty"`
	Code     Code   `json:"code"`
	Field    string `json:"field,omitempty"`
	Message  string `json:"message"`
	// Have is the revision the hub has of the item, with CodeRevision: the next
	// one the hub can take is one higher.
	Have int `json:"have,omitempty"`
}

// Validate implements Message.
func (m *Refusal) Validate() []Fault {
	var c checker
	c.token("epoch", m.Epoch)
	c.token("code", string(m.Code))
	return c.faults
}

// State is where an item stands at the hub.
type State string

// The states, in the order of an item's life.
const (
	StateReceived  State = "received"  // 已接收
	StateInReview  State = "in_review" // 审核中, step k of n
	StateReturned  State = "returned"  // 退回修改
	StateRejected  State = "rejected"  // 不采用
	StateApproved  State = "approved"  // 审核通过, not yet published
	StateAdopted   State = "adopted"   // 已采用, on the portal
	StateCorrected State = "corrected" // 已更正: a later revision replaced the adopted one
	StateWithdrawn State = "withdrawn" // 已撤回
)

// Live reports whether an item in state s stands on the portal.
func (s State) Live() bool { return s == StateAdopted || s == StateCorrected }

// Status is one step of an item's life at the hub. The last one of an item, by
// position in the down log, is its present state.
type Status struct {
	Item     string   `json:"item"`
	Revision int      `json:"revision"` // the revision that was judged
	State    State    `json:"state"`
	Step     int      `json:"step,omitempty"`  // 1 … Steps, the step that is due or was decided
	Steps    int      `json:"steps,omitempty"` // how many the column has
	StepName string   `json:"stepName,omitempty"`
	Reason   string   `json:"reason,omitempty"` // a code of Reasons
	Fields   []string `json:"fields,omitempty"` // JSON names of Submit's fields to correct
	Comment  string   `json:"comment,omitempty"`
	By       string   `json:"by,omitempty"` // who decided, where settings show it
	Columns  []string `json:"columns,omitempty"`
	Entry    string   `json:"entry,omitempty"`  // id of the portal entry
	URL      string   `json:"url,omitempty"`    // where it can be read
	Outlet   string   `json:"outlet,omitempty"` // county, city, province, state
	// Off says that the item left the portal by this, although it was not
	// withdrawn: the entry it was part of was. A state of withdrawn says it itself.
	Off bool `json:"off,omitempty"`
	// Combined says that the entry was made of several units' items (综合采用).
	Combined bool      `json:"combined,omitempty"`
	At       time.Time `json:"at"` // the hub's clock
	// Memo is the hub's own, sealed, and means nothing to anybody else: what a
	// restored hub needs to know of the decision beyond what the unit is told.
	Memo []byte `json:"memo,omitempty"`
}

// Validate implements Message.
func (m *Status) Validate() []Fault {
	var c checker
	c.uuid("item", m.Item)
	c.min("revision", m.Revision, 1)
	c.token("state", string(m.State))
	if len(m.Memo) > MaxMemoBytes {
		c.add("memo", "平台附记太长")
	}
	return c.faults
}

// States of a finding (domain terms: 发现, 核实, 已通知, 整改中, 复查, 销号).
const (
	FindingOpen     = "open"      // confirmed and notified, nothing answered yet
	FindingFixing   = "fixing"    // answered fixed, re-check due
	FindingDisputed = "disputed"  // answered disputed, a person decides
	FindingRecheck  = "recheck"   // re-checked and still there: open again, after an answer
	FindingClosed   = "closed"    // gone: recovered, or removed from the page
	FindingStruck   = "struckoff" // 核减: a false alarm
)

// What a finding is about beside a link.
const (
	AboutSite   = "site"   // a site that is down; Target is its home page
	AboutColumn = "column" // a column that is stale or blank; Target is its address
)

// Finding is a fault of a site or an entry the node's unit answers for, whole,
// as it stands now. A later one of the same id replaces it.
type Finding struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind,omitempty"` // what it is about: About… below; empty for a link
	State    string    `json:"state"`
	Class    string    `json:"class"` // 死链, 内容死链, 错链 …
	Target   string    `json:"target"`
	Site     string    `json:"site,omitempty"` // name of the site, when it is one
	Item     string    `json:"item,omitempty"` // item whose entry holds the link
	Places   []Place   `json:"places"`
	Total    int       `json:"total"` // places in all; Places may be the first of them
	Status   int       `json:"status,omitempty"`
	Reason   string    `json:"reason"` // evidence in words: what was answered, how often
	Looks    int       `json:"looks"`  // how often it failed
	FirstBad time.Time `json:"firstBad"`
	LastBad  time.Time `json:"lastBad"`
	Advice   string    `json:"advice,omitempty"` // what to do
	Note     string    `json:"note,omitempty"`   // the hub's word on the last answer
	Due      time.Time `json:"due,omitzero"`     // last moment of the last day to deal with it
	Stage    string    `json:"stage,omitempty"`  // how far it was urged: a Stage… below
	Ending   string    `json:"ending,omitempty"` // why it is closed: an Ending… below
	At       time.Time `json:"at"`
}

// How far the office has urged a unit about a finding; each includes those
// before it.
const (
	StageReminded   = "reminded"   // 催办: the deadline is near
	StageOverdue    = "overdue"    // 逾期
	StageExposed    = "exposed"    // 曝光: on a weekly list
	StageSupervised = "supervised" // 督办: on a monthly list
	StageCirculated = "circulated" // 通报: in a quarterly bulletin
)

// Why a finding is closed.
const (
	EndingRecovered = "recovered" // the target answers again
	EndingRemoved   = "removed"   // no page names it any more
	EndingStruck    = "struckoff" // it was a false alarm
	EndingWaived    = "waived"    // it need not be mended: another finding stands for it, or the rule does not apply any more
)

// Findings are several findings told at once. A hub says them only to a node
// whose Hello knows this kind, and one after the other to any other node.
type Findings struct {
	Findings []Finding `json:"findings"`
	At       time.Time `json:"at"`
}

// Validate implements Message.
func (m *Findings) Validate() []Fault {
	var c checker
	if len(m.Findings) == 0 || len(m.Findings) > MaxFindings {
		c.add("findings", fmt.Sprintf("一次须有 1 至 %d 条预警", MaxFindings))
		return c.faults
	}
	for i := range m.Findings {
		for _, f := range m.Findings[i].Validate() {
			c.add(fmt.Sprintf("findings[%d].%s", i, f.Field), f.Detail)
		}
	}
	return c.faults
}

// Place is where a link stands.
type Place struct {
	Page    string `json:"page"`
	Element string `json:"element,omitempty"`
	Label   string `json:"label,omitempty"`
}

// Harmful reports whether nobody should follow the target: a stranger has the
// name, or somebody planted the link.
func (m *Finding) Harmful() bool {
	return m.Kind == "" && (m.Class == "外链变异" || m.Class == "暗链" || m.Class == "挂马")
}

// Validate implements Message.
func (m *Finding) Validate() []Fault {
	var c checker
	c.uuid("id", m.ID)
	c.token("state", m.State)
	if len(m.Places) > MaxPlaces {
		c.add("places", "位置太多")
	}
	return c.faults
}

// Notice is a word of the county office to the unit.
type Notice struct {
	ID    string    `json:"id"`
	Title string    `json:"title"`
	Text  string    `json:"text"`
	At    time.Time `json:"at"`
}

// Validate implements Message.
func (m *Notice) Validate() []Fault {
	var c checker
	c.uuid("id", m.ID)
	c.line("title", m.Title, "标题", true, MaxTitleRunes)
	c.text("text", m.Text, "正文", false, MaxTextRunes)
	return c.faults
}

// Settings is what a node needs to know of the county, whole. The last one counts.
type Settings struct {
	Unit     Unit     `json:"unit"`     // the node's own unit
	Villages []Unit   `json:"villages"` // units below it
	Columns  []Column `json:"columns"`
	County   string   `json:"county"`           // name of the county
	Portal   string   `json:"portal,omitempty"` // address readers use
	Limits   *Limits  `json:"limits,omitempty"` // of attachments; nil means WireLimits
}

// Unit is an organisation of the county.
type Unit struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// Column is a part of the portal that items are meant for.
type Column struct {
	Slug   string   `json:"slug"`
	Name   string   `json:"name"`
	Steps  []string `json:"steps"` // names of its review steps
	Closed bool     `json:"closed,omitempty"`
}

// Validate implements Message.
func (m *Settings) Validate() []Fault {
	var c checker
	c.code("unit", m.Unit.Code, true)
	return c.faults
}
