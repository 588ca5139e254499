package web

import (
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/hub/webhook"
	"zhanqun/internal/ui"
)

type hooksPage struct {
	ui.Page
	Hooks  []hookRow
	Form   webhook.Hook // what was typed; the address and the secret are not shown again
	Kinds  []ui.Option
	Topics []hookTopic
}

// hookRow is a hook with its last messages.
type hookRow struct {
	webhook.Hook
	KindName string
	Wants    []string
	Last     []webhook.Delivery
}

// hookTopic is a topic as a choice.
type hookTopic struct {
	Value, Label string
	Checked      bool
}

// lastDeliveries is how many messages the page shows of a hook.
const lastDeliveries = 5

func (s *Server) hooksPage(w http.ResponseWriter, r *http.Request, _ access.User) error {
	p, err := s.newHooksPage(r, webhook.Hook{Kind: webhook.DingTalk, Topics: []webhook.Topic{webhook.Veto, webhook.Daily, webhook.Urging}})
	if err != nil {
		return err
	}
	return s.show(w, r, "webhooks", p)
}

func (s *Server) newHooksPage(r *http.Request, form webhook.Hook) (*hooksPage, error) {
	ctx, lang := r.Context(), s.lang(r)
	list, err := s.Hooks.Store.Hooks(ctx)
	if err != nil {
		return nil, err
	}
	p := &hooksPage{Form: form}
	for _, h := range list {
		row := hookRow{Hook: h, KindName: ui.T(lang, h.Kind.Label())}
		for _, t := range h.Topics {
			row.Wants = append(row.Wants, ui.T(lang, t.Label()))
		}
		if row.Last, err = s.Hooks.Store.Deliveries(ctx, h.ID, lastDeliveries); err != nil {
			return nil, err
		}
		p.Hooks = append(p.Hooks, row)
	}
	for _, k := range webhook.Kinds() {
		p.Kinds = append(p.Kinds, ui.Option{Value: string(k), Label: ui.T(lang, k.Label())})
	}
	form.Paused = false
	for _, t := range webhook.Topics() {
		p.Topics = append(p.Topics, hookTopic{string(t), ui.T(lang, t.Label()), form.Wants(t)})
	}
	p.Title = ui.T(lang, "推送")
	p.Lead = ui.T(lang, "把预警推送到工作群或其他系统。推送不代替通知：责任单位仍在自己的节点上看预警、作答复。")
	return p, nil
}

func (s *Server) addHook(w http.ResponseWriter, r *http.Request, u access.User) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	form := webhook.Hook{Name: r.PostFormValue("name"), Kind: webhook.Kind(r.PostFormValue("kind")), URL: r.PostFormValue("url"), Secret: r.PostFormValue("secret")}
	for _, t := range r.PostForm["topics"] {
		form.Topics = append(form.Topics, webhook.Topic(t))
	}
	if _, err := s.Hooks.Add(r.Context(), u, form); err != nil {
		p, pageErr := s.newHooksPage(r, form)
		if pageErr != nil {
			return pageErr
		}
		return s.again(w, r, "webhooks", p, &p.Page, err)
	}
	return s.done(w, r, "/webhooks", ui.T(s.lang(r), "已登记。请按一下“发测试消息”，看能不能收到。"))
}

func (s *Server) testHook(w http.ResponseWriter, r *http.Request, u access.User) error {
	h, err := s.Hooks.Try(r.Context(), u, r.PathValue("id"))
	if err != nil {
		return s.undone(w, r, "/webhooks", err)
	}
	return s.done(w, r, "/webhooks", ui.T(s.lang(r), "测试消息已送到“%s”。", h.Name))
}

func (s *Server) pauseHook(w http.ResponseWriter, r *http.Request, u access.User) error {
	return s.setPaused(w, r, u, true, "已暂停。没有送出的消息留着，恢复后接着送。")
}

func (s *Server) resumeHook(w http.ResponseWriter, r *http.Request, u access.User) error {
	return s.setPaused(w, r, u, false, "已恢复推送。")
}

func (s *Server) setPaused(w http.ResponseWriter, r *http.Request, u access.User, paused bool, done string) error {
	if _, err := s.Hooks.Pause(r.Context(), u, r.PathValue("id"), paused); err != nil {
		return err
	}
	s.Hooks.Wake()
	return s.done(w, r, "/webhooks", ui.T(s.lang(r), done))
}

func (s *Server) removeHook(w http.ResponseWriter, r *http.Request, u access.User) error {
	lang, id := s.lang(r), r.PathValue("id")
	h, err := s.Hooks.Store.Hook(r.Context(), id)
	if err != nil {
		return err
	}
	if r.PostFormValue(sure) == "" {
		c := &ui.Confirm{Action: ui.T(lang, "删除"), Danger: true, Thing: h.Name, Back: "/webhooks",
			Text: ui.T(lang, "删除后不再向它推送，还没有送出的消息一并删除。地址和密钥平台不再保留，要恢复须重新登记。")}
		c.Title = ui.T(lang, "删除推送地址")
		return s.ask(w, r, c, nil)
	}
	if _, err := s.Hooks.Remove(r.Context(), u, id); err != nil {
		return err
	}
	return s.done(w, r, "/webhooks", ui.T(lang, "已删除。"))
}
