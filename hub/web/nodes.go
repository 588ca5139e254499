package web

import (
	"net/http"
	"strings"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/ui"
	"zhanqun/protocol"
)

// listSize is the length of one page of units, nodes, users and records.
const listSize = 100

// silentAfter is how long a node may be silent and still count as connected. It
// says a word at least every minute.
const silentAfter = 3 * time.Minute

type nodesPage struct {
	ui.Page
	Nodes   []nodeRow
	Invites []access.Invite
	Units   []ui.Option
	Unit    string
	Older   string
	Manage  bool
}

// nodeRow is a node with what a person calls its state.
type nodeRow struct {
	access.Node
	Shown string // online, offline, invited (never seen), frozen, revoked
}

func (s *Server) nodeRow(n access.Node) nodeRow {
	shown := n.State
	if n.State == access.NodeActive {
		switch {
		case n.SeenAt.IsZero():
			shown = "silent"
		case s.Now().Sub(n.SeenAt) > silentAfter:
			shown = "offline"
		default:
			shown = "online"
		}
	}
	return nodeRow{n, shown}
}

func (s *Server) nodesPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newNodesPage(r, u)
	if err != nil {
		return err
	}
	return s.show(w, r, "nodes", p)
}

func (s *Server) newNodesPage(r *http.Request, u access.User) (*nodesPage, error) {
	ctx, lang := r.Context(), s.lang(r)
	nodes, err := s.Access.Nodes(ctx, access.NodeQuery{After: r.URL.Query().Get("cursor"), Limit: listSize})
	if err != nil {
		return nil, err
	}
	p := &nodesPage{Unit: r.PostFormValue("unit"), Manage: u.May(access.Manage)}
	trouble, pending := 0, 0
	for _, n := range nodes {
		row := s.nodeRow(n)
		if row.Shown == "offline" || row.Shown == access.NodeFrozen {
			trouble++
		}
		if row.Shown == access.NodePending {
			pending++
		}
		p.Nodes = append(p.Nodes, row)
	}
	p.Title, p.Events = ui.T(lang, "节点"), eventsURL
	p.Lead = ui.T(lang, "各乡镇装的报送程序。")
	if len(nodes) > 0 {
		p.Lead = ui.T(lang, "本页的节点都正常。")
		if trouble > 0 {
			p.Lead = ui.T(lang, "本页有 %d 个节点离线或被冻结。离线期间报送的信息留在乡镇，连上后自动送到。", trouble)
		}
	}
	if p.Manage && pending > 0 {
		wait := ui.T(lang, "本页有 %d 台机器等您批准入网。", pending)
		if trouble > 0 {
			wait += " " + p.Lead
		}
		p.Lead = wait
	}
	p.Older = older(r, "cursor", nodes, func(n access.Node) string { return n.ID })
	if p.Manage {
		if p.Invites, err = s.Access.Invites(ctx, u); err != nil {
			return nil, err
		}
		p.Invites = p.Invites[:min(len(p.Invites), 20)]
		if p.Units, err = s.unitOptions(r, ui.T(lang, "请选择"), catalog.LevelTownship, catalog.LevelDepartment); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// maxUnits is how many units a person can still look through in one field.
const maxUnits = 300

// unitOptions are the units of some levels as choices of a form, after one that
// stands for none of them; nil when there are too many to choose from, and the
// code has to be typed.
func (s *Server) unitOptions(r *http.Request, none string, levels ...string) ([]ui.Option, error) {
	options := []ui.Option{{Label: none}}
	for _, level := range levels {
		units, err := s.Access.Units(r.Context(), access.UnitQuery{Level: level, Limit: maxUnits + 1})
		if err != nil {
			return nil, err
		}
		for _, u := range units {
			options = append(options, ui.Option{Value: u.Code, Label: u.Name})
		}
	}
	if len(options) > maxUnits {
		return nil, nil
	}
	return options, nil
}

// invite makes a join code and shows it, once.
func (s *Server) invite(w http.ResponseWriter, r *http.Request, u access.User) error {
	list, failed := s.Access.InviteAll(r.Context(), u, []string{r.PostFormValue("unit")}, access.Terms{Base: s.Base(r), Approval: r.PostFormValue("approval") != ""})
	if failed != nil {
		p, err := s.newNodesPage(r, u)
		if err != nil {
			return err
		}
		return s.again(w, r, "nodes", p, &p.Page, unitFault(failed))
	}
	return s.showSheets(w, r, list, u.Name)
}

type nodePage struct {
	ui.Page
	Node        nodeRow
	Fingerprint string // of its key
	Manage      bool
	Skew        time.Duration // how far its clock is off, either way
	Skewed      bool
}

// skewMost is how far a clock may be off without a word.
const skewMost = 2 * time.Minute

func (s *Server) nodePage(w http.ResponseWriter, r *http.Request, u access.User) error {
	n, err := s.Access.NodeByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	p := &nodePage{Node: s.nodeRow(n), Fingerprint: protocol.KeyFingerprint(n.PublicKey), Manage: u.May(access.Manage), Skew: n.Skew.Abs()}
	p.Skewed = p.Skew > skewMost
	p.Title, p.Events = nodeName(n), eventsURL
	return s.show(w, r, "node", p)
}

// replaceNode makes a join code for the machine that takes a node's place and
// shows it, once. Nothing changes until it is used.
func (s *Server) replaceNode(w http.ResponseWriter, r *http.Request, u access.User) error {
	list, err := s.Access.Replacement(r.Context(), u, r.PathValue("id"), access.Terms{Base: s.Base(r)})
	if err != nil {
		return s.undone(w, r, "/nodes/"+r.PathValue("id"), err)
	}
	return s.showSheets(w, r, list, u.Name)
}

// nodeName is what people call a node. Most machines are called after their unit.
func nodeName(n access.Node) string {
	switch {
	case n.Name == "":
		return n.UnitName
	case strings.HasPrefix(n.Name, n.UnitName):
		return n.Name
	}
	return n.UnitName + " · " + n.Name
}

// freezeNode asks why, and stops a node's words from being applied.
func (s *Server) freezeNode(w http.ResponseWriter, r *http.Request, u access.User) error {
	lang := s.lang(r)
	c := &ui.Confirm{Action: ui.T(lang, "冻结"), Text: ui.T(lang, "冻结期间，这台机器报送的信息留在县里排队，不会进入审核；解除后接着处理，不会丢失。")}
	c.Title = ui.T(lang, "冻结节点")
	return s.changeNode(w, r, u, c, s.Access.FreezeNode, ui.T(lang, "节点已冻结。"))
}

// revokeNode asks why, and ends a node's identity for good.
func (s *Server) revokeNode(w http.ResponseWriter, r *http.Request, u access.User) error {
	lang := s.lang(r)
	c := &ui.Confirm{Action: ui.T(lang, "吊销"), Danger: true,
		Text: ui.T(lang, "吊销后这台机器立即断开，不能再报送，也不能恢复；要再用须重新入网。已收到的信息不受影响。")}
	c.Title = ui.T(lang, "吊销节点")
	return s.changeNode(w, r, u, c, s.Access.RevokeNode, ui.T(lang, "节点已吊销，连接已断开。"))
}

// approveNode lets a machine in that waits for it.
func (s *Server) approveNode(w http.ResponseWriter, r *http.Request, u access.User) error {
	to := "/nodes/" + r.PathValue("id")
	if _, err := s.Access.ApproveNode(r.Context(), u, r.PathValue("id")); err != nil {
		return s.undone(w, r, to, err)
	}
	return s.done(w, r, to, ui.T(s.lang(r), "已批准，这台机器马上开始收发。"))
}

// refuseNode asks why, and turns a machine away.
func (s *Server) refuseNode(w http.ResponseWriter, r *http.Request, u access.User) error {
	lang := s.lang(r)
	c := &ui.Confirm{Action: ui.T(lang, "不批准"), Danger: true,
		Text: ui.T(lang, "这台机器不能入网，它用的入网码作废。以后要入网，须重新发入网码。")}
	c.Title = ui.T(lang, "不批准入网")
	return s.changeNode(w, r, u, c, s.Access.RefuseNode, ui.T(lang, "没有批准，这台机器已断开。"))
}

// rotateNode asks a machine to take another key.
func (s *Server) rotateNode(w http.ResponseWriter, r *http.Request, u access.User) error {
	lang := s.lang(r)
	n, err := s.Access.NodeByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	to := "/nodes/" + n.ID
	if r.PostFormValue(sure) == "" {
		c := &ui.Confirm{Action: ui.T(lang, "换密钥"), Thing: nodeName(n), Back: to,
			Text: ui.T(lang, "这台机器下次联系时自己换一把新密钥，收发不停。换好以后原来的密钥作废；那台机器以前的备份也就不能再用，请提醒乡镇重新备份。")}
		c.Title = ui.T(lang, "换密钥")
		return s.ask(w, r, c, nil)
	}
	if _, err := s.Access.RotateNode(r.Context(), u, n.ID); err != nil {
		return s.undone(w, r, to, err)
	}
	return s.done(w, r, to, ui.T(lang, "已请它换密钥，换好后这里显示新的指纹。"))
}

func (s *Server) releaseNode(w http.ResponseWriter, r *http.Request, u access.User) error {
	to := "/nodes/" + r.PathValue("id")
	if _, err := s.Access.ReleaseNode(r.Context(), u, r.PathValue("id")); err != nil {
		return s.undone(w, r, to, err)
	}
	return s.done(w, r, to, ui.T(s.lang(r), "已解除冻结，接着处理它报送的信息。"))
}
