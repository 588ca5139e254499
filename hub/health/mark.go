package health

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"zhanqun/hub/health/linkcheck"
)

// mark is what a target showed: as long as it shows the same, a false alarm that
// was struck off stays so.
type mark struct {
	Class  linkcheck.Class `json:"class,omitempty"`
	Status int             `json:"status"`
	Final  string          `json:"final,omitempty"`
	Title  string          `json:"title,omitempty"`
}

func markOf(l Look) mark {
	return mark{Class: l.Class, Status: l.Status, Final: l.Final, Title: l.Title}
}

// telling are the last look that proved anything and the one before it.
func telling(looks []Look) (last, previous Look) {
	found := 0
	for i := len(looks) - 1; i >= 0 && found < 2; i-- {
		if looks[i].Verdict == linkcheck.Inconclusive {
			continue
		}
		if found++; found == 1 {
			last = looks[i]
		} else {
			previous = looks[i]
		}
	}
	return last, previous
}

// text is how a mark is kept.
func (m mark) text() string {
	raw, err := json.Marshal(m)
	if err != nil { // strings and a number
		panic(err)
	}
	return string(raw)
}

// changed says in words what is materially different between what a target
// showed when it was struck off and what it shows now; "" for nothing, or when
// nothing was noted then.
func changed(noted string, now mark) string {
	var then mark
	if noted == "" || json.Unmarshal([]byte(noted), &then) != nil {
		return ""
	}
	switch {
	case family(then.Status) != family(now.Status):
		return fmt.Sprintf("核减时的答复是 %s，现在是 %s", answer(then.Status), answer(now.Status))
	case then.Class != now.Class:
		return fmt.Sprintf("核减时是%s，现在是%s", label(then.Class), label(now.Class))
	case then.Final != "" && now.Final != "" && place(then.Final) != place(now.Final):
		return fmt.Sprintf("现在转到了另一个地址：%s", now.Final)
	case then.Title != "" && now.Title != "" && letters(then.Title) != letters(now.Title):
		return fmt.Sprintf("打开的页面变了，现在的标题是“%s”", now.Title)
	}
	return ""
}

// family puts statuses together between which a server that is ill may change.
func family(status int) int {
	switch {
	case status == 410:
		return 404
	case status >= 500:
		return 500
	}
	return status
}

func answer(status int) string {
	if status == 0 {
		return "没有应答"
	}
	return fmt.Sprint(status)
}

func label(c linkcheck.Class) string {
	if c == "" {
		return "正常"
	}
	return c.Label()
}

// place is the part of an address that says which page it is.
func place(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return strings.TrimPrefix(strings.ToLower(u.Host), "www.") + strings.TrimSuffix(u.Path, "/")
}

// letters are the letters of a title: error pages count and date themselves.
func letters(title string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, title)
}
