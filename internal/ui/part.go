package ui

import (
	"strconv"
	"time"
)

// Field is one form field with its label, hint and fault. Type is an input
// type, or textarea, select, radio, checkbox; empty means text.
type Field struct {
	Name, Label, Type, Value string
	ID                       string // "" means f-NAME; must be unique on the page
	Hint                     string // what to enter, before it is wrong
	Error                    string // what is wrong and what to do, at the field
	Returned                 string // what the reviewer said about this field of a returned item
	Options                  []Option
	Placeholder              string
	Autocomplete, InputMode  string
	Pattern, Accept          string
	Min, Step                string
	MaxLength, Rows          int
	Required, Disabled       bool
	ReadOnly, Multiple       bool
	Checked, Autofocus       bool
	Optional                 bool // says so beside the label
}

// Control returns the id of the field's control.
func (f Field) Control() string {
	if f.ID != "" {
		return f.ID
	}
	return "f-" + f.Name
}

// Describes lists the ids of the texts that belong to the control.
func (f Field) Describes() string {
	ids := ""
	add := func(text, suffix string) {
		if text == "" {
			return
		}
		if ids != "" {
			ids += " "
		}
		ids += f.Control() + suffix
	}
	add(f.Error, "-error")
	add(f.Returned, "-returned")
	add(f.Hint, "-hint")
	return ids
}

// Option is one choice of a select or radio field. It is selected when its
// value equals the field's.
type Option struct {
	Value, Label string
	Hint         string // radio only
	Disabled     bool
}

// Strip is a notice across the page.
type Strip struct {
	Tone        Tone // zero is Info
	Title, Text string
	Action, URL string // a link that helps, or none
}

// Empty stands where a list would be: what will be here, and how to begin.
type Empty struct {
	Title, Text string
	Action, URL string
}

// Pager leads to newer and older entries; an empty address is no link.
type Pager struct {
	Newer, Older string
	Text         string // e.g. 第 1–50 条
}

// Progress is work under way. Max 0 means that the end is unknown.
type Progress struct {
	Label, Text string
	Value, Max  int64
}

// Event is one point of a timeline, newest or oldest first as given.
type Event struct {
	At    time.Time
	Title string // what happened
	Who   string // person and unit
	Text  string // reason, comment
	Tone  Tone
	State string // shown as a chip, or ""
	URL   string // where it can be seen, or ""
}

// Upload is one file of a list of attachments.
type Upload struct {
	Name, Type, URL string
	Size            int64
	Note            string // e.g. 待上传
	Error           string
	Sent            int64         // bytes confirmed so far; shown while below Size
	Sending         bool          // shows the progress bar
	Left            time.Duration // until it has arrived; 0 when nobody knows
	Remove          string        // value of the button "remove" in the form around, or ""
	Thumb           string        // address of a small image, or ""
}

// Chart is a bar chart with its numbers as a table beside it.
type Chart struct {
	Title, Unit string
	Bars        []Bar
}

// Bar is one value of a chart.
type Bar struct {
	Label string
	Value float64
	Tone  Tone
	Note  string
}

// Confirm asks once before something that cannot be undone, naming the thing.
type Confirm struct {
	Page
	Thing  string            // name of what it is about, in quotes on the page
	Text   string            // what will happen
	Action string            // label of the button: the verb
	URL    string            // the form posts here; "" means this address
	Back   string            // where to go instead
	Danger bool              // the act destroys or takes back something public
	Hidden map[string]string // values sent along
	Fields []Field           // e.g. the reason
}

// Failure is the page a person sees when a request cannot be answered.
type Failure struct {
	Page
	Status    int
	Text      string // what is wrong and what to do
	RequestID string // to quote to the administrator when the fault is ours (5xx)
	Back      string // where to go on; "" means the first page
}

// chartRow is a bar with its place in the drawing.
type chartRow struct {
	Bar
	Y, TextY int
	Percent  string
}

// Rows places the bars below each other, each under its own label.
func (c Chart) Rows() []chartRow {
	top := 0.0
	for _, b := range c.Bars {
		top = max(top, b.Value)
	}
	rows := make([]chartRow, 0, len(c.Bars))
	for i, b := range c.Bars {
		share := 0.0
		if top > 0 && b.Value > 0 {
			share = b.Value / top * 100
		}
		y := i * chartStep
		rows = append(rows, chartRow{Bar: b, Y: y + 22, TextY: y + 16, Percent: percent(share)})
	}
	return rows
}

// Height is the height of the drawing in px.
func (c Chart) Height() int { return len(c.Bars) * chartStep }

const chartStep = 44

// percent is a share as an SVG length. A value above zero keeps a visible sliver.
func percent(share float64) string {
	if share > 0 {
		share = max(share, 0.5)
	}
	return strconv.FormatFloat(share, 'f', 1, 64) + "%"
}
