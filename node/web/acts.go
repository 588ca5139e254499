package web

import (
	"net/http"
	"strconv"
	"strings"

	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// submit hands in the text of an item as it was seen on its page. From a
// township liaison it is the signature under a village's item.
func (s *Server) submit(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	ctx, id := r.Context(), r.PathValue("id")
	version, _ := strconv.Atoi(r.PostFormValue("version"))
	out, err := s.Queue.Submit(ctx, a.Actor(), id, queue.Handing{Version: version})
	if err == nil {
		s.Push()
		return s.done(w, r, submittedText(out), "/items/"+id)
	}
	d, readErr := s.Queue.Item(ctx, a.Actor(), id)
	if readErr != nil {
		return readErr
	}
	if fault.Is(err, fault.Conflict) || !editable(&d.Item, a.Actor()) {
		return s.itemAgain(w, r, a, err)
	}
	return s.showEdit(w, r, a, form{ID: id, Version: d.Version, Village: d.Village, Text: d.Text}, err)
}

// itemAgain shows the item with what stood in the way of an act.
func (s *Server) itemAgain(w http.ResponseWriter, r *http.Request, a queue.Account, err error) error {
	p, pageErr := s.newItemPage(r, a)
	if pageErr != nil {
		return pageErr
	}
	p.Comment = r.PostFormValue("comment")
	return s.again(w, r, "item", p, &p.Page, err)
}

func (s *Server) sendBack(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	id := r.PathValue("id")
	version, _ := strconv.Atoi(r.PostFormValue("version"))
	if err := s.Queue.SendBack(r.Context(), a.Actor(), id, version, decode(r.PostFormValue("comment"))); err != nil {
		return s.itemAgain(w, r, a, err)
	}
	return s.done(w, r, "已退回村里，村里会看到您的意见。", "/items/"+id)
}

// discard drops a text that was not handed in. It asks once, naming the item.
func (s *Server) discard(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	ctx, lang := r.Context(), s.pages.Lang(r)
	d, err := s.Queue.Item(ctx, a.Actor(), r.PathValue("id"))
	if err != nil {
		return err
	}
	version, _ := strconv.Atoi(r.PostFormValue("version"))
	if r.PostFormValue("sure") == "" {
		c := &ui.Confirm{Thing: titleOf(d.Title, lang), Text: ui.T(lang, "没有提交的改动会丢掉，不能恢复；已提交的内容不受影响。"),
			Action: ui.T(lang, "放弃改动"), Danger: true, Back: "/items/" + d.ID,
			Hidden: map[string]string{"sure": "1", "version": strconv.Itoa(d.Version)}}
		c.Title = ui.T(lang, "放弃没有提交的改动？")
		if d.Revision == 0 {
			c.Title, c.Action = ui.T(lang, "删除这份草稿？"), ui.T(lang, "删除草稿")
			c.Text = ui.T(lang, "草稿只在本机，删除后不能恢复。")
		}
		return s.pages.Confirm(w, r, c)
	}
	if err := s.Queue.Discard(ctx, a.Actor(), d.ID, version); err != nil {
		return err
	}
	if d.Revision == 0 {
		return s.done(w, r, "草稿已删除。", "/items")
	}
	return s.done(w, r, "改动已放弃。", "/items/"+d.ID)
}

func (s *Server) withdrawPage(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	c, err := s.newWithdrawPage(r, a)
	if err != nil {
		return err
	}
	return s.pages.Confirm(w, r, c)
}

// newWithdrawPage asks once, naming the item and saying what will happen.
func (s *Server) newWithdrawPage(r *http.Request, a queue.Account) (*ui.Confirm, error) {
	d, err := s.Queue.Item(r.Context(), a.Actor(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if !recallable(&d.Item, a.Actor()) {
		return nil, fault.New(fault.Conflict, "这条信息现在不能撤回。")
	}
	lang := s.pages.Lang(r)
	c := &ui.Confirm{Thing: titleOf(d.Title, lang), Danger: true, Back: "/items/" + d.ID}
	reason := ui.Field{Name: "reason", Label: ui.T(lang, "撤回理由"), Type: "textarea", Rows: 3, Required: true,
		Hint: ui.T(lang, "县里会原样看到。"), MaxLength: protocol.MaxTextRunes, Value: decode(r.PostFormValue("reason"))}
	c.Title, c.Action = ui.T(lang, "撤回这条信息？"), ui.T(lang, "撤回")
	c.Text = ui.T(lang, "县里会停止审核，这条信息到此为止；要再报请另写一条。")
	switch {
	case d.State == queue.Awaiting && !a.Actor().Township():
		c.Title, c.Action, c.Danger = ui.T(lang, "从镇里收回？"), ui.T(lang, "收回"), false
		c.Text = ui.T(lang, "收回后变回草稿，可以修改后再提交给镇里。")
		reason.Required, reason.Optional, reason.Hint, reason.Label = false, true, "", ui.T(lang, "收回理由")
	case d.LiveRevision > 0:
		c.Text = ui.T(lang, "门户网站和各订阅端会撤下这条信息，并显示已撤回；要再报请另写一条。")
	}
	c.Fields = []ui.Field{reason}
	return c, nil
}

func (s *Server) withdraw(w http.ResponseWriter, r *http.Request, a queue.Account) error {
	id := r.PathValue("id")
	out, err := s.Queue.Withdraw(r.Context(), a.Actor(), id, strings.TrimSpace(content.CleanText(decode(r.PostFormValue("reason")))))
	if err != nil {
		c, pageErr := s.newWithdrawPage(r, a)
		if pageErr != nil {
			return pageErr
		}
		c.Fields[0].Error = fault.Fields(err)["reason"]
		return s.again(w, r, "confirm", c, &c.Page, err)
	}
	switch {
	case out.Deleted:
		return s.done(w, r, "草稿已删除。", "/items")
	case out.Drafted:
		return s.done(w, r, "已收回，现在是草稿。", "/items/"+id)
	}
	s.Push()
	return s.done(w, r, "撤回申请已存盘并发往县里。", "/items/"+id)
}
