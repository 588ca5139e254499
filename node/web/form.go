package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// What a person pressed in the form of an item.
const (
	actDraft  = "draft"
	actSubmit = "submit"
)

// form is an item as its form sends it. Files chosen earlier come back by their
// digest, so that no fault in another field makes anybody choose them again.
type form struct {
	queue.Text
	ID      string
	Version int
	Village string
	Key     string // of the page the form stood on
	Act     string
	Remove  string // digest of a file to take out
}

// Bounds of one form beyond those of an item: pasted office markup is large
// before it is cleaned, and people choose more files than may stay.
const (
	maxTyped  = 16 << 20
	maxChosen = 1000
)

// readForm reads the form of an item. A file that is not accepted does not fail
// the form: it is left out, and refused says why.
func (s *Server) readForm(r *http.Request) (f form, refused error, err error) {
	most, err := s.limits(r)
	if err != nil {
		return form{}, nil, err
	}
	var added []protocol.Attachment
	var why []string
	lang, room := s.pages.Lang(r), most.ItemBytes
	values, err := web.ReadForm(r, web.FormLimits{Files: maxChosen, FileBytes: most.AttachmentBytes, Bytes: maxForm, TextBytes: maxTyped}, func(file web.File) error {
		name := decode(file.Name)
		if room <= 0 || len(added) >= most.Attachments {
			why = append(why, ui.T(lang, "“%s”：附件太多或太大，没有保留。", name))
			return nil
		}
		got, err := s.Queue.AddFile(r.Context(), name, file)
		switch {
		case err == nil:
			room -= got.Size
			added = append(added, got)
		case refusable(err):
			why = append(why, ui.T(lang, "“%s”：%s", name, ui.T(lang, fault.Message(err))))
		default:
			return err
		}
		return nil
	})
	if err != nil {
		return form{}, nil, err
	}
	for name, list := range values {
		for i, v := range list {
			values[name][i] = decode(v)
		}
	}
	f = formOf(values)
	f.ID = r.PathValue("id")
	for _, a := range added {
		if !slices.ContainsFunc(f.Attachments, func(b protocol.Attachment) bool { return a.SHA256 == b.SHA256 }) {
			f.Attachments = append(f.Attachments, a)
		}
	}
	if len(why) > 0 {
		refused = fault.Field("file", strings.Join(why, "\n"))
	}
	return f, refused, nil
}

// limits are what may be attached now: what the county takes, or less where this
// machine is set to less.
func (s *Server) limits(r *http.Request) (protocol.Limits, error) {
	settings, err := s.Queue.Settings(r.Context())
	if err != nil {
		return protocol.Limits{}, err
	}
	most := settings.Files()
	most.AttachmentBytes = min(most.AttachmentBytes, s.Max)
	return most, nil
}

// refusable tells a file that may not be kept from a failure of ours. What ends
// the whole upload ends reading the form as well.
func refusable(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.TooLarge, fault.Full, fault.Unavailable:
		return true
	}
	return false
}

// decode turns what an old browser sent in GBK into UTF-8.
func decode(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	text, _, _ := content.DecodeText([]byte(s))
	return text
}

func formOf(v url.Values) form {
	f := form{Village: v.Get("village"), Key: v.Get("key"), Act: v.Get("act"), Remove: v.Get("remove")}
	f.Version, _ = strconv.Atoi(v.Get("version"))
	f.Text = tidy(queue.Text{Column: v.Get("column"), Title: v.Get("title"), Body: v.Get("body"), Author: v.Get("author"),
		Source: v.Get("source"), Reviewer: v.Get("reviewer"), Note: v.Get("note"), Override: v.Get("override")})
	f.Note, f.Override = strings.TrimSpace(content.CleanText(f.Note)), strings.TrimSpace(content.CleanText(f.Override))
	names, alts := v["name"], v["alt"]
	for i, sha := range v["sha"] {
		if sha == f.Remove || i >= len(names) || i >= len(alts) {
			continue
		}
		f.Attachments = append(f.Attachments, protocol.Attachment{SHA256: sha, Name: content.CleanLine(names[i]), Alt: content.CleanLine(alts[i])})
	}
	return f
}

// blank reports whether there is nothing worth keeping.
func (f *form) blank() bool {
	return f.Title == "" && strings.TrimSpace(f.Body) == "" && len(f.Attachments) == 0
}

// draft is what the form asks to be saved. The key makes sending one page twice
// save once: for a new item the page itself is the key, so that it never makes
// two; for an existing one the words count as well, and other words on the same
// page meet the check of the version.
func (f *form) draft() queue.Draft {
	key := f.Key
	if key != "" && f.ID != "" {
		key += "." + f.digest()
	}
	return queue.Draft{ID: f.ID, Version: f.Version, Village: f.Village, Key: key, Text: f.Text}
}

func (f *form) digest() string {
	text, err := json.Marshal(struct {
		queue.Text
		Village string
	}{bare(f.Text), f.Village})
	if err != nil { // strings and numbers always encode
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// bare is t as it is stored, without what the store adds.
func bare(t queue.Text) queue.Text {
	if t.Format == "" {
		t.Format = queue.Plain
	}
	list := make([]protocol.Attachment, 0, len(t.Attachments))
	for _, a := range t.Attachments {
		list = append(list, protocol.Attachment{SHA256: a.SHA256, Name: a.Name, Alt: a.Alt})
	}
	t.Attachments = list
	return t
}

// sameText reports whether two texts say the same.
func sameText(a, b queue.Text) bool {
	return (&form{Text: a}).digest() == (&form{Text: b}).digest()
}

var fileFault = regexp.MustCompile(`^attachments\[(\d+)\]`)

// atFields moves the faults of an item to the fields of its form: those of a
// file stand at its description, those of all files where files are chosen.
func atFields(err error) error {
	fields := fault.Fields(err)
	if fields == nil {
		return err
	}
	e := fault.Wrap(fault.KindOf(err), fault.Message(err), err)
	for name, text := range fields {
		switch m := fileFault.FindStringSubmatch(name); {
		case m != nil:
			name = "alt-" + m[1]
		case name == "attachments" || name == "file":
			name = "files"
		case name == "format":
			name = "body"
		}
		if told := fault.Fields(e)[name]; told != "" && told != text {
			text = fmt.Sprintf("%s %s", told, text)
		}
		e = e.With(name, text)
	}
	return e
}
