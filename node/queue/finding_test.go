package queue_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"zhanqun/internal/fault"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

const findingID = "0193a5f0-0000-7000-8000-00000000000f"

func (h *hub) finding(t testing.TB, state, itemID string) protocol.Entry {
	t.Helper()
	return h.says(t, protocol.KindFinding, &protocol.Finding{ID: findingID, State: state, Class: "死链", Target: "http://example.invalid/a",
		Item: itemID, Places: []protocol.Place{{Page: "http://portal/1"}}, Total: 1, Reason: "两次打开都是 404", Looks: 2, At: start})
}

func TestFindingLife(t *testing.T) {
	q, h := open(t)
	down(t, q, h.finding(t, protocol.FindingOpen, ""))
	get := func() queue.Finding {
		t.Helper()
		f, err := q.Finding(t.Context(), liaison, findingID)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := get(); !f.Unanswered() || f.Reason != "两次打开都是 404" || f.Answer != nil {
		t.Errorf("%+v", f)
	}
	if err := q.AnswerFinding(t.Context(), liaison, findingID, protocol.AnswerFixed, "已换链接"); err != nil {
		t.Fatal(err)
	}
	if err := q.AnswerFinding(t.Context(), liaison, findingID, protocol.AnswerFixed, "已换链接"); err != nil {
		t.Fatal(err)
	}
	if n := len(checkLog(t, q)); n != 1 {
		t.Fatalf("%d entries for one answer", n)
	}
	if f := get(); f.Unanswered() || f.Line != queue.Queued || f.Answer.By != liaison.Name {
		t.Errorf("%+v", f)
	}
	down(t, q, h.receipt(t, q, 1), h.finding(t, protocol.FindingFixing, ""))
	if f := get(); f.Line != queue.Received || f.State != protocol.FindingFixing || !f.Open() || f.Unanswered() {
		t.Errorf("%+v", f)
	}
	down(t, q, h.finding(t, protocol.FindingRecheck, "")) // still there
	if f := get(); !f.Unanswered() {
		t.Errorf("%+v", f)
	}
	if err := q.AnswerFinding(t.Context(), liaison, findingID, protocol.AnswerDisputed, "对方网站限制访问"); err != nil {
		t.Fatal(err)
	}
	down(t, q, h.says(t, protocol.KindRefusal, &protocol.Refusal{Epoch: cursors(t, q).Epoch, Seq: 2, Kind: protocol.KindAnswer,
		Code: protocol.CodeState, Message: "正在复查，请稍后再答复"}), h.receipt(t, q, 2))
	if f := get(); !f.Unanswered() || f.Refusal != "正在复查，请稍后再答复" {
		t.Errorf("%+v", f)
	}
	down(t, q, h.finding(t, protocol.FindingClosed, ""))
	wantKind(t, q.AnswerFinding(t.Context(), liaison, findingID, protocol.AnswerFixed, ""), fault.Conflict)
	for closed, want := range map[bool]int{false: 0, true: 1} {
		if list, _, err := q.Findings(t.Context(), liaison, queue.FindingFilter{Closed: closed}, "", 0); err != nil || len(list) != want {
			t.Errorf("closed %v: %d, %v", closed, len(list), err)
		}
	}
}

func TestAnswerRefuses(t *testing.T) {
	q, h := open(t)
	down(t, q, h.finding(t, protocol.FindingOpen, ""))
	for _, tt := range []struct {
		name             string
		who              queue.Actor
		id, answer, note string
		want             fault.Kind
	}{
		{"a village", villager, findingID, protocol.AnswerFixed, "", fault.Forbidden},
		{"an unknown finding", liaison, "0193a5f0-0000-7000-8000-0000000000ff", protocol.AnswerFixed, "", fault.NotFound},
		{"no id", liaison, "x", protocol.AnswerFixed, "", fault.Invalid},
		{"an unknown answer", liaison, findingID, "perhaps", "", fault.Invalid},
		{"a dispute without words", liaison, findingID, protocol.AnswerDisputed, "\u200b ", fault.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantKind(t, q.AnswerFinding(t.Context(), tt.who, tt.id, tt.answer, tt.note), tt.want)
		})
	}
	if n := len(checkLog(t, q)); n != 0 {
		t.Errorf("%d entries", n)
	}
}

func TestVillageSeesFindingsOfItsItems(t *testing.T) {
	q, h := open(t)
	s := ask(t, q, "村里的事")
	down(t, q, h.finding(t, protocol.FindingOpen, s.ID))
	for who, want := range map[queue.Actor]int64{liaison: 1, villager: 1, stranger: 0} {
		c, err := q.Counts(t.Context(), who)
		if err != nil || c.Findings != want {
			t.Errorf("%s: %+v, %v", who.Name, c, err)
		}
		_, err = q.Finding(t.Context(), who, findingID)
		if want == 0 {
			wantKind(t, err, fault.NotFound)
		} else if err != nil {
			t.Error(err)
		}
		if list, _, err := q.Findings(t.Context(), who, queue.FindingFilter{Item: s.ID}, "", 0); err != nil || int64(len(list)) != want {
			t.Errorf("%s: %d, %v", who.Name, len(list), err)
		}
	}
}

// How vetoes stand is kept as it was told last; villages do not see it.
func TestVetoes(t *testing.T) {
	q, h := open(t)
	told := func(who queue.Actor) string {
		t.Helper()
		m, err := q.Vetoes(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		var titles []string
		for _, v := range m.Vetoes {
			titles = append(titles, fmt.Sprintf("%s %d/%d/%d", v.Title, v.Own, v.Count, v.Limit))
		}
		return strings.Join(titles, " ")
	}
	if got := told(liaison); got != "" {
		t.Errorf("before anything was said: %s", got)
	}
	v := protocol.Veto{Site: "门户", Title: "栏目不更新", State: protocol.VetoNear, Count: 2, Limit: 5, Own: 1, Names: []string{"通知公告"}}
	blank := v
	blank.Title = "空白栏目"
	down(t, q, h.says(t, protocol.KindVetoes, &protocol.Vetoes{Vetoes: []protocol.Veto{v, blank}, At: start}))
	if got := told(liaison); got != "栏目不更新 1/2/5 空白栏目 1/2/5" {
		t.Errorf("told %s", got)
	}
	if got := told(queue.Actor{Name: "村", Village: "520624101200"}); got != "" {
		t.Errorf("a village sees %s", got)
	}
	down(t, q, h.says(t, protocol.KindVetoes, &protocol.Vetoes{Vetoes: []protocol.Veto{}, At: start}))
	if got := told(liaison); got != "" {
		t.Errorf("when it was over: %s", got)
	}
}

// Several findings in one entry are each kept, and a kind of entry this program
// does not read does not hold up those behind it.
func TestFindingsTogether(t *testing.T) {
	q, h := open(t)
	one := func(n int, due time.Time) protocol.Finding {
		return protocol.Finding{ID: findingID[:35] + strconv.Itoa(n), State: protocol.FindingOpen, Class: "死链", Target: "http://example.invalid/" + strconv.Itoa(n),
			Places: []protocol.Place{}, Due: due, At: start}
	}
	down(t, q, h.says(t, "findings.later", &protocol.Notice{ID: findingID, Title: "以后的种类"}))
	down(t, q, h.says(t, protocol.KindFindings, &protocol.Findings{At: start, Findings: []protocol.Finding{
		one(1, time.Time{}), one(2, start.AddDate(0, 0, 9)), one(3, start.AddDate(0, 0, 3)), one(4, start.AddDate(0, 0, 6)), one(5, start.AddDate(0, 0, 3))}}))
	order := func() string {
		t.Helper()
		var got []string
		for cursor := ""; ; {
			list, next, err := q.Findings(t.Context(), liaison, queue.FindingFilter{}, cursor, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range list {
				got = append(got, f.Target[len(f.Target)-1:])
			}
			if cursor = next; next == "" {
				return strings.Join(got, " ")
			}
		}
	}
	if got := order(); got != "5 3 4 2 1" {
		t.Errorf("by deadline: %s", got)
	}
	if err := q.AnswerFinding(t.Context(), liaison, findingID[:35]+"5", protocol.AnswerFixed, ""); err != nil {
		t.Fatal(err)
	}
	if got := order(); got != "3 4 2 1 5" {
		t.Errorf("what was answered comes last: %s", got)
	}
	again := one(2, start.AddDate(0, 0, 1))
	again.Stage = protocol.StageReminded
	down(t, q, h.says(t, protocol.KindFindings, &protocol.Findings{At: start, Findings: []protocol.Finding{again}}))
	if got := order(); got != "2 3 4 1 5" {
		t.Errorf("a new deadline: %s", got)
	}
	f, err := q.Finding(t.Context(), liaison, findingID[:35]+"2")
	if err != nil || f.Stage != protocol.StageReminded || f.Overdue(start) || !f.Overdue(start.AddDate(0, 0, 2)) {
		t.Errorf("%+v, %v", f, err)
	}
}
