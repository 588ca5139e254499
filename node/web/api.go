package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// maxFile and maxForm bound one file and one form with files. A form may be
// larger than an item: a film that is too long is read to its end and thrown
// away, so that the words typed beside it are not lost with it.
const (
	maxFile = protocol.MaxAttachmentBytes
	maxForm = 4 << 30
)

// apiAttach answers POST /api/v1/attachments: one file, as a form field "file"
// or as the body with its name in ?name=. The answer is what an item names it by.
func (s *Server) apiAttach(w http.ResponseWriter, r *http.Request, _ queue.Account) error {
	var (
		got   protocol.Attachment
		found bool
	)
	most, err := s.limits(r)
	if err != nil {
		return err
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		_, err = web.ReadForm(r, web.FormLimits{Files: 1, FileBytes: most.AttachmentBytes, Bytes: most.AttachmentBytes, TextBytes: 64 << 10}, func(f web.File) error {
			var err error
			got, err = s.Queue.AddFile(r.Context(), f.Name, f)
			found = true
			return err
		})
	} else {
		found = true
		name := r.URL.Query().Get("name")
		if name == "" {
			return fault.Field("name", "请在地址里用 ?name= 写明文件名。")
		}
		got, err = s.Queue.AddFile(r.Context(), name, http.MaxBytesReader(nil, r.Body, most.AttachmentBytes))
	}
	switch {
	case err != nil:
		return err
	case !found:
		return fault.Field("file", "没有收到文件。")
	}
	return web.WriteJSON(w, http.StatusCreated, got)
}

// itemForm is the body of POST and PUT of an item.
type itemForm struct {
	queue.Text
	Village string `json:"village"`
	Version int    `json:"version"` // of the item the text was made from
}

// readJSON reads a JSON body; one that is not UTF-8 is taken for GBK, which old
// programs send.
func readJSON(r *http.Request, v any) error {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, web.MaxJSON))
	if err != nil {
		return fmt.Errorf("reading request body: %w", err)
	}
	r.Body = io.NopCloser(strings.NewReader(decode(string(body))))
	return web.ReadJSON(r, v)
}

func readItem(r *http.Request) (itemForm, error) {
	var f itemForm
	if err := readJSON(r, &f); err != nil {
		return f, err
	}
	f.Text = tidy(f.Text)
	return f, nil
}

// tidy cleans what people type: one-line fields become one line, and a body
// with tags is taken as HTML unless its format is named.
func tidy(t queue.Text) queue.Text {
	t.Title, t.Author, t.Source, t.Reviewer = content.CleanLine(t.Title), content.CleanLine(t.Author), content.CleanLine(t.Source), content.CleanLine(t.Reviewer)
	t.Body = content.CleanText(t.Body)
	if t.Format == "" && content.LooksLikeHTML(t.Body) {
		t.Format = queue.HTML
	}
	return t
}

func (s *Server) apiItems(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	limit, err := web.Limit(r, 50, 200)
	if err != nil {
		return err
	}
	list, next, err := s.Queue.List(r.Context(), a.Actor(), filterOf(r), r.FormValue("cursor"), limit)
	if err != nil {
		return err
	}
	return writeList(w, "items", list, next)
}

func writeList[T any](w http.ResponseWriter, name string, list []T, next string) error {
	if list == nil {
		list = []T{}
	}
	return web.WriteJSON(w, http.StatusOK, map[string]any{name: list, "next": next})
}

func filterOf(r *http.Request) queue.Filter {
	return queue.Filter{State: queue.State(r.FormValue("state")), Due: r.FormValue("due") != "", Village: r.FormValue("village"),
		Column: r.FormValue("column"), Query: content.CleanLine(r.FormValue("q"))}
}

// apiCreate answers POST /api/v1/items: a draft. An Idempotency-Key makes it
// safe to repeat; with another text it is refused.
func (s *Server) apiCreate(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	f, err := readItem(r)
	if err != nil {
		return err
	}
	key, err := requestKey(r)
	if err != nil {
		return err
	}
	saved, err := s.Queue.SaveDraft(r.Context(), a.Actor(), queue.Draft{Village: f.Village, Key: key, Text: f.Text})
	if err != nil {
		return err
	}
	if saved.Again {
		d, err := s.Queue.Item(r.Context(), a.Actor(), saved.ID)
		if err != nil {
			return err
		}
		if d.Version == 1 && !alike(d.Text, f.Text) {
			return fault.New(fault.Conflict, "这个 Idempotency-Key 已用于另一条信息。新的信息请用新的键。")
		}
	}
	return s.answerItem(w, r, a, saved.ID, http.StatusCreated)
}

// requestKey is what the caller names the request by, so that repeating it after
// a lost answer does nothing again.
func requestKey(r *http.Request) (string, error) {
	key := r.Header.Get("Idempotency-Key")
	if len(key) > 200 {
		return "", fault.New(fault.Invalid, "Idempotency-Key 太长，最多 200 字节。")
	}
	return key, nil
}

// alike reports whether two texts are of one request, whatever was filled in.
func alike(a, b queue.Text) bool {
	return a.Column == b.Column && a.Title == b.Title && a.Body == b.Body &&
		slices.EqualFunc(a.Attachments, b.Attachments, func(a, b protocol.Attachment) bool { return a.SHA256 == b.SHA256 })
}

func (s *Server) answerItem(w http.ResponseWriter, r *http.Request, a queue.Account, id string, status int) error {
	d, err := s.Queue.Item(r.Context(), a.Actor(), id)
	if err != nil {
		return err
	}
	if status == http.StatusCreated {
		w.Header().Set("Location", "/api/v1/items/"+url.PathEscape(id))
	}
	return web.WriteJSON(w, status, d)
}

func (s *Server) apiItem(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	return s.answerItem(w, r, a, r.PathValue("id"), http.StatusOK)
}

// apiUpdate answers PUT /api/v1/items/{id}. Without a version the text replaces
// the newest one.
func (s *Server) apiUpdate(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	f, err := readItem(r)
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if f.Version == 0 {
		d, err := s.Queue.Item(r.Context(), a.Actor(), id)
		if err != nil {
			return err
		}
		f.Version = d.Version
	}
	key, err := requestKey(r)
	if err != nil {
		return err
	}
	if key != "" { // the key of another request, or of another text, is another one
		key += "." + id + "." + (&form{Text: f.Text, Village: f.Village}).digest()
	}
	d := queue.Draft{ID: id, Version: f.Version, Village: f.Village, Key: key, Text: f.Text}
	if _, err := s.Queue.SaveDraft(r.Context(), a.Actor(), d); err != nil {
		return err
	}
	return s.answerItem(w, r, a, id, http.StatusOK)
}

func (s *Server) apiSubmit(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	var h struct {
		Version int `json:"version"`
	}
	if err := readOptional(r, &h); err != nil {
		return err
	}
	id := r.PathValue("id")
	if _, err := s.Queue.Submit(r.Context(), a.Actor(), id, queue.Handing{Version: h.Version}); err != nil {
		return err
	}
	s.Push()
	return s.answerItem(w, r, a, id, http.StatusOK)
}

// readOptional reads a JSON body that may be missing.
func readOptional(r *http.Request, v any) error {
	if !web.HasBody(r) {
		return nil
	}
	return readJSON(r, v)
}

func (s *Server) apiWithdraw(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	var f struct {
		Reason string `json:"reason"`
	}
	if err := readOptional(r, &f); err != nil {
		return err
	}
	done, err := s.Queue.Withdraw(r.Context(), a.Actor(), r.PathValue("id"), strings.TrimSpace(f.Reason))
	if err != nil {
		return err
	}
	s.Push()
	return web.WriteJSON(w, http.StatusOK, done)
}

func (s *Server) apiQueue(w http.ResponseWriter, r *http.Request, _ queue.Account) error {
	st, err := s.Queue.State(r.Context())
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, st)
}

func (s *Server) apiFindings(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	limit, err := web.Limit(r, 50, 200)
	if err != nil {
		return err
	}
	f := queue.FindingFilter{Closed: r.FormValue("state") == "closed", Item: r.FormValue("item")}
	list, next, err := s.Queue.Findings(r.Context(), a.Actor(), f, r.FormValue("cursor"), limit)
	if err != nil {
		return err
	}
	return writeList(w, "findings", list, next)
}

func (s *Server) apiAnswer(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	var f struct {
		Answer string `json:"answer"`
		Note   string `json:"note"`
	}
	if err := readJSON(r, &f); err != nil {
		return err
	}
	id := r.PathValue("id")
	if err := s.Queue.AnswerFinding(r.Context(), a.Actor(), id, f.Answer, strings.TrimSpace(f.Note)); err != nil {
		return err
	}
	s.Push()
	got, err := s.Queue.Finding(r.Context(), a.Actor(), id)
	if err != nil {
		return err
	}
	return web.WriteJSON(w, http.StatusOK, got)
}
