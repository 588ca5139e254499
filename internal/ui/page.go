package ui

import "time"

// Page is what every page shows around its own content. Page structs embed it;
// Options.Fill sets what is the same on all pages of a program.
type Page struct {
	Title string // heading and browser title, already in the reader's language
	Lead  string // one sentence below the heading that answers the visitor's question
	Brand string // name of the program in the header
	Home  string // where the name leads; "" for the first page of the host
	Lang  Lang

	Nav  []NavItem
	User *UserBox // nil while nobody is signed in

	Flash *Flash     // what the last act did
	Line  *LineState // state of the line to the county; nil where there is no line

	// Errors are the faults of the last input, by field name. The shell lists
	// them above the content, each leading to its field.
	Errors map[string]string

	FormToken string // value of the hidden field _token of every form
	Events    string // address of the event stream that names live regions, or ""
	Path      string // path and query of this page, set by Render
	Paper     bool   // made to be printed: on paper stands the content and nothing around it
	Now       time.Time
}

// base lets Render fill the embedded Page; only structs embedding Page have it.
func (p *Page) base() *Page { return p }

// Shell is the embedded Page. The shell reads its values through it, so that a
// page struct may have a field User or Events of its own.
func (p *Page) Shell() *Page { return p }

// Data is a pointer to a struct that embeds Page.
type Data interface{ base() *Page }

// NavItem is one entry of the main navigation.
type NavItem struct {
	Label   string // in the reader's language
	URL     string
	Current bool
	Count   int // shown when above zero: what waits there
}

// UserBox says who is signed in.
type UserBox struct {
	Name    string
	Role    string // in the reader's language
	Unit    string
	URL     string // page of the account, or ""
	SignOut string // address the sign-out form posts to; "" means /signout
}

// Tone is the weight of a message. A tone never stands alone: the part that
// carries it has a word and a shape too.
type Tone string

// The tones, from quiet to loud.
const (
	Neutral Tone = "neutral"
	Info    Tone = "info"
	Good    Tone = "good"
	Warn    Tone = "warn"
	Bad     Tone = "bad"
)

// Flash is shown once, at the top of the next page.
type Flash struct {
	Tone Tone
	Text string // in the reader's language
	Undo *Undo  // nil when there is nothing to take back
}

// Undo lets a person take an act back until it leaves.
type Undo struct {
	URL   string // the undo form posts here
	Until time.Time
	// Fields are hidden values sent along.
	Fields map[string]string
}

// Left is how long taking back works yet, in milliseconds.
func (u *Undo) Left(now time.Time) int64 { return max(0, u.Until.Sub(now).Milliseconds()) }

// LineState is the line to the county in words: since when it is up or down
// and what is still waiting. It says only what the hub has confirmed.
type LineState struct {
	Up     bool
	Since  time.Time // zero when unknown (never connected)
	Queued int       // entries the hub has not confirmed
	Oldest time.Time // age of the oldest of them
	Note   string    // one more sentence, in the reader's language
	URL    string    // page with the details, or ""
}
