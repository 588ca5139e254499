package protocol_test

import (
	"math"
	"strings"
	"testing"

	"zhanqun/protocol"
)

func TestSubmitValidate(t *testing.T) {
	many := make([]protocol.Attachment, protocol.MaxAttachments+1)
	tests := []struct {
		name  string
		spoil func(*protocol.Submit)
		field string // "" for none
	}{
		{"good", func(*protocol.Submit) {}, ""},
		{"a photo with no text", func(m *protocol.Submit) { m.Body = "" }, ""},
		{"title of the longest", func(m *protocol.Submit) { m.Title = strings.Repeat("县", 200) }, ""},
		{"title too long", func(m *protocol.Submit) { m.Title = strings.Repeat("县", 201) }, "title"},
		{"title of blanks", func(m *protocol.Submit) { m.Title = " \u3000" }, "title"},
		{"title of two lines", func(m *protocol.Submit) { m.Title = "一\n二" }, "title"},
		{"NUL in the body", func(m *protocol.Submit) { m.Body = "<p>\x00</p>" }, "body"},
		{"neither text nor photo", func(m *protocol.Submit) { m.Body, m.Attachments = "", nil }, "body"},
		{"upper-case id", func(m *protocol.Submit) { m.Item = strings.ToUpper(m.Item) }, "item"},
		{"revision zero", func(m *protocol.Submit) { m.Revision = 0 }, "revision"},
		{"no unit", func(m *protocol.Submit) { m.Unit = "" }, "unit"},
		{"column with a slash", func(m *protocol.Submit) { m.Column = "a/b" }, "column"},
		{"nobody wrote it", func(m *protocol.Submit) { m.Author = "" }, "author"},
		{"from nowhere", func(m *protocol.Submit) { m.Source = "" }, "source"},
		{"too many files", func(m *protocol.Submit) { m.Attachments = many }, "attachments"},
		{"empty file", func(m *protocol.Submit) { m.Attachments[0].Size = 0 }, "attachments[0].size"},
		{"file too large", func(m *protocol.Submit) { m.Attachments[0].Size = protocol.MaxAttachmentBytes + 1 }, "attachments[0].size"},
		{"file with a path", func(m *protocol.Submit) { m.Attachments[0].Name = "../../etc/passwd" }, "attachments[0].name"},
		{"file with a drive", func(m *protocol.Submit) { m.Attachments[0].Name = `C:\a.jpg` }, "attachments[0].name"},
		{"hidden file", func(m *protocol.Submit) { m.Attachments[0].Name = ".htaccess" }, "attachments[0].name"},
		{"no digest", func(m *protocol.Submit) { m.Attachments[0].SHA256 = "abc" }, "attachments[0].sha256"},
		{"digest that is none", func(m *protocol.Submit) { m.Attachments[0].SHA256 = strings.Repeat("田", 21) + "a" }, "attachments[0].sha256"},
		{"no type", func(m *protocol.Submit) { m.Attachments[0].Type = "jpeg" }, "attachments[0].type"},
		{"too much in all", func(m *protocol.Submit) {
			a := m.Attachments[0]
			a.Size = protocol.MaxAttachmentBytes
			m.Attachments = []protocol.Attachment{a, a, a}
		}, "attachments"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := goodSubmit()
			tt.spoil(m)
			faults := m.Validate()
			if tt.field == "" {
				if len(faults) > 0 {
					t.Fatalf("refused: %v", faults)
				}
				return
			}
			if len(faults) != 1 && tt.field != "attachments" || len(faults) == 0 || faults[0].Field != tt.field {
				t.Fatalf("faults %v, want one at %s", faults, tt.field)
			}
			if _, err := protocol.WriteBody(m); err == nil {
				t.Error("what the reader refuses was written")
			}
		})
	}
}

func TestEveryFaultAtOnce(t *testing.T) {
	fields := map[string]bool{}
	for _, f := range (&protocol.Submit{}).Validate() {
		fields[f.Field] = true
		if f.Detail == "" {
			t.Errorf("no words for %s", f.Field)
		}
	}
	for _, want := range []string{"item", "revision", "unit", "column", "title", "body", "author", "source"} {
		if !fields[want] {
			t.Errorf("an empty form says nothing at %s", want)
		}
	}
}

func TestDisputeNeedsWords(t *testing.T) {
	m := protocol.Answer{Finding: item, Answer: protocol.AnswerDisputed, By: "张秀英"}
	if faults := m.Validate(); len(faults) != 1 || faults[0].Field != "note" {
		t.Errorf("faults %v, want one at note", faults)
	}
	m.Answer = protocol.AnswerFixed
	if faults := m.Validate(); len(faults) > 0 {
		t.Errorf("fixed without a note refused: %v", faults)
	}
}

func TestBodyTooLarge(t *testing.T) {
	m := goodSubmit()
	m.Body = strings.Repeat("县", 70_000)
	if _, err := protocol.WriteBody(m); err == nil || !strings.Contains(err.Error(), string(protocol.CodeTooLarge)) {
		t.Errorf("210 KB of text: %v", err)
	}
}

func TestSubjects(t *testing.T) {
	for subject, want := range map[string]string{
		protocol.UpSubject("n1"):                     "n1",
		protocol.AskSubject("n1", protocol.VerbPull): "n1",
		protocol.BellSubject("n1"):                   "n1",
		protocol.BeatSubject("n1"):                   "n1",
		"zq.up.n1.x":                                 "",
		"zq.up":                                      "",
		"zq.ask.n1":                                  "",
		"zq.up.*":                                    "",
		"zq.up.N1":                                   "",
		"zq.up.":                                     "",
		"zq.other.n1":                                "",
		"$JS.API.INFO":                               "",
		"zq.up." + strings.Repeat("a", 33):           "",
		"zq.ask.n1.hello." + protocol.VerbHello:      "",
		"aa.ask." + strings.Repeat("b", 3) + ".hello":     "",
		protocol.AskSubject(strings.Repeat("z", 32), "x"): strings.Repeat("z", 32),
	} {
		got, err := protocol.NodeOf(subject)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("NodeOf(%q) = %q, %v", subject, got, err)
		}
	}
	for _, s := range append(protocol.GrantsOf("n1").Publish, protocol.GrantsOf("n1").Subscribe...) {
		if !strings.Contains(s, "n1") || strings.HasPrefix(s, "$") {
			t.Errorf("a node may use %q", s)
		}
	}
}

func TestReasonsSpeak(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range protocol.Reasons {
		if seen[r.Code] || r.Name == "" || r.Do == "" {
			t.Errorf("reason %+v", r)
		}
		seen[r.Code] = true
		if got, ok := protocol.ReasonOf(r.Code); !ok || got != r {
			t.Errorf("ReasonOf(%q) = %v, %v", r.Code, got, ok)
		}
	}
	if _, ok := protocol.ReasonOf("nonsense"); ok {
		t.Error("an unknown code has a reason")
	}
}

// A county may take less than the wire carries, down to nothing.
func TestLimits(t *testing.T) {
	list := goodSubmit().Attachments
	if faults := protocol.WireLimits().Faults(list); faults != nil {
		t.Errorf("refused: %v", faults)
	}
	for field, spoil := range map[string]func(*protocol.Limits){
		"attachments":         func(l *protocol.Limits) { l.Attachments = 0 },
		"attachments[0].size": func(l *protocol.Limits) { l.AttachmentBytes = list[0].Size - 1 },
		"":                    func(l *protocol.Limits) { l.AttachmentBytes = list[0].Size },
	} {
		l := protocol.WireLimits()
		spoil(&l)
		faults := l.Faults(list)
		if field == "" && faults != nil || field != "" && (len(faults) != 1 || faults[0].Field != field || faults[0].Code != protocol.CodeField) {
			t.Errorf("faults %v, want one at %q", faults, field)
		}
	}
	huge := list[0]
	huge.Size = math.MaxInt64
	if faults := protocol.WireLimits().Faults([]protocol.Attachment{huge, huge, huge}); len(faults) != 4 {
		t.Errorf("three files of all bytes there are: %v", faults)
	}
}
