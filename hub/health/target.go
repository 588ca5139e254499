package health

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"zhanqun/hub/health/linkcheck"
	"zhanqun/internal/chinatime"
)

// Target is one address that is watched, however many pages name it.
type Target struct {
	ID        string          `json:"id"`
	URL       string          `json:"url"`
	State     linkcheck.State `json:"state"`
	Looks     []Look          `json:"looks"` // the last ones, oldest first
	CheckedAt time.Time       `json:"checkedAt"`
	NextAt    time.Time       `json:"nextAt"`
}

// Look is what is kept of one check: what the next verdict needs, and what a
// person is shown.
type Look struct {
	linkcheck.Look
	Class  linkcheck.Class `json:"class,omitempty"`
	Status int             `json:"status,omitempty"`
	Detail string          `json:"detail,omitempty"`
	// Silent says that the host itself gave no answer at all: no name, nobody
	// there, or not a word. Then all its addresses fail alike.
	Silent bool `json:"silent,omitempty"`
	// Final is where it ended, if that is not the address asked; Title the title
	// of what was shown there.
	Final string `json:"final,omitempty"`
	Title string `json:"title,omitempty"`
	// From is whose line it was seen from, if not the hub's own.
	From string `json:"from,omitempty"`
}

func lookOf(r linkcheck.Result) Look {
	l := Look{Look: r.Look(), Class: r.Class, Status: r.Status, Detail: r.Detail, Silent: silent(r), Title: shortTitle(r.Title)}
	if r.Final != r.URL {
		l.Final = r.Final
	}
	return l
}

// shortTitle is as much of a title as is kept.
func shortTitle(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80])
	}
	return s
}

func silent(r linkcheck.Result) bool {
	if len(r.Hops) > 1 {
		return false // the host itself sent us on
	}
	switch r.ErrorKind {
	case linkcheck.KindDNS, linkcheck.KindRefused, linkcheck.KindReset, linkcheck.KindUnreachable, linkcheck.KindTLS:
		return r.Verdict == linkcheck.Dead
	}
	return false
}

// HostOf returns the host of an address with its port; empty for what is none.
func HostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// homeElement is the element of the place that stands for a site's own home page.
const homeElement = "home"

// maxLooks bounds the history kept of a target.
const maxLooks = 12

func bare(looks []Look) []linkcheck.Look {
	list := make([]linkcheck.Look, len(looks))
	for i, l := range looks {
		list[i] = l.Look
	}
	return list
}

// badRun returns the failing looks since the target last answered.
func badRun(looks []Look) []Look {
	var run []Look
	for _, l := range looks {
		switch l.Verdict {
		case linkcheck.OK, linkcheck.Suspect:
			run = nil
		case linkcheck.Dead:
			run = append(run, l)
		}
	}
	return run
}

// suspectRun are the suspect looks at the end; those that prove nothing are
// passed over.
func suspectRun(looks []Look) []Look {
	var run []Look
	for _, l := range looks {
		switch l.Verdict {
		case linkcheck.Suspect:
			run = append(run, l)
		case linkcheck.OK, linkcheck.Dead:
			run = nil
		}
	}
	return run
}

// seen says in one sentence what was seen, whether it failed or is suspect.
func seen(looks []Look) string {
	if run := suspectRun(looks); len(run) > 0 {
		first, last := run[0], run[len(run)-1]
		if len(run) == 1 {
			return fmt.Sprintf("%s 检查，%s", last.At.In(chinatime.Zone).Format("1月2日 15:04"), last.Detail)
		}
		return fmt.Sprintf("%s 至 %s 共检查 %d 次，都能打开但内容可疑；最近一次：%s",
			first.At.In(chinatime.Zone).Format("1月2日 15:04"), last.At.In(chinatime.Zone).Format("1月2日 15:04"), len(run), last.Detail)
	}
	return evidence(looks)
}

// evidence says in one sentence what was seen and when.
func evidence(looks []Look) string {
	run := badRun(looks)
	if len(run) == 0 {
		return ""
	}
	first, last := run[0], run[len(run)-1]
	return fmt.Sprintf("%s 至 %s 共检查 %d 次，均失败；最近一次：%s",
		first.At.In(chinatime.Zone).Format("1月2日 15:04"), last.At.In(chinatime.Zone).Format("1月2日 15:04"), len(run), last.Detail)
}

func dayText(at time.Time) string { return at.In(chinatime.Zone).Format("2006年1月2日") }
