package protocol

import (
	"net/url"
	"time"
)

// Look asks a node for a second opinion: to fetch an address once from its own
// line and say what came. A hub says it only to a node whose Hello knows this
// kind. The node asks with GET, public addresses only, and never sends on what it
// was given.
type Look struct {
	ID    string    `json:"id"`
	URL   string    `json:"url"`            // http or https
	Page  bool      `json:"page,omitempty"` // the beginning of a page is wanted, to tell "not found" from what was asked for
	Until time.Time `json:"until"`          // afterwards nobody waits for it any more
	At    time.Time `json:"at"`
}

// Validate implements Message.
func (m *Look) Validate() []Fault {
	var c checker
	c.uuid("id", m.ID)
	if u, err := url.Parse(m.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(m.URL) > MaxURLBytes {
		c.add("url", "不是可以访问的网址")
	}
	return c.faults
}

// Looked is what a node saw: facts, and of a page its beginning if that was asked
// for; never the content of files.
type Looked struct {
	Look   string `json:"look"`             // id of the Look
	Status int    `json:"status,omitempty"` // HTTP status at the end, 0 when no answer came
	Final  string `json:"final,omitempty"`  // address at the end of redirects, if it is another
	Error  string `json:"error,omitempty"`  // why none came: an Error… below
	Millis int64  `json:"millis"`           // how long it took
	Bytes  int64  `json:"bytes"`            // of the body, as far as it was read
	Cut    bool   `json:"cut,omitempty"`    // there was more
	SHA256 string `json:"sha256,omitempty"` // of what was read
	Type   string `json:"type,omitempty"`   // its Content-Type
	// Page is the beginning of a page, as it was sent but for what scripts and styles
	// hold: at most MaxLookPage bytes.
	Page []byte    `json:"page,omitempty"`
	At   time.Time `json:"at"` // the node's clock
}

// Why no answer came.
const (
	ErrorDNS     = "dns"              // the name does not resolve
	ErrorConnect = "refused"          // nobody there
	ErrorTimeout = "timeout"          // not complete within the limit
	ErrorTLS     = "tls"              // no encrypted connection came about
	ErrorPrivate = "private"          // the address is not public
	ErrorLoop    = "toomanyredirects" // sent on too often
	ErrorOther   = "protocol"         // anything else
)

// Validate implements Message.
func (m *Looked) Validate() []Fault {
	var c checker
	c.uuid("look", m.Look)
	if m.Status < 0 || m.Status > 999 || m.Millis < 0 || m.Bytes < 0 {
		c.add("status", "看到的结果无效")
	}
	if m.Status == 0 {
		c.token("error", m.Error)
	}
	c.line("final", m.Final, "最后的网址", false, MaxURLBytes)
	c.line("type", m.Type, "内容类型", false, MaxTypeBytes)
	if len(m.Page) > MaxLookPage {
		c.add("page", "页面开头太长")
	}
	if m.SHA256 != "" && !ValidSHA256(m.SHA256) {
		c.add("sha256", "摘要无效")
	}
	return c.faults
}
