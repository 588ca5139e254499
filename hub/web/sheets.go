package web

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/internal/fault"
	"zhanqun/internal/qr"
	"zhanqun/internal/ui"
	"zhanqun/internal/web"
)

// sheet is one invitation as it is handed over: a page of paper.
type sheet struct {
	access.Issued
	Text   string   // the code, in one piece
	Groups []string // the same for people who type it
	QR     qr.Code
}

// sheetsPage shows codes just made. They are kept nowhere, so it is the answer to
// the form that made them and has no address.
type sheetsPage struct {
	ui.Page
	Sheets  []sheet
	County  string
	Contact string // who helps
}

// groupSize is how many characters of a code stand together: as many as one
// keeps in mind while typing.
const groupSize = 5

func newSheetsPage(lang ui.Lang, list []access.Issued, county, contact string) (*sheetsPage, error) {
	p := &sheetsPage{County: county, Contact: contact}
	p.Paper = true
	p.Title = ui.T(lang, "入网单")
	for _, i := range list {
		x := sheet{Issued: i, Text: i.Code.String()}
		for rest := x.Text; rest != ""; {
			n := min(groupSize, len(rest))
			x.Groups, rest = append(x.Groups, rest[:n]), rest[n:]
		}
		var err error
		if x.QR, err = qr.Draw(x.Text); err != nil {
			return nil, err
		}
		p.Sheets = append(p.Sheets, x)
	}
	return p, nil
}

// WriteSheets writes invitations as one file to be printed, a page each.
func WriteSheets(w io.Writer, list []access.Issued, county, contact string) error {
	pages, err := newPages(&Server{Options: Options{Now: time.Now}})
	if err != nil {
		return err
	}
	p, err := newSheetsPage(ui.Lang{}, list, county, contact)
	if err != nil {
		return err
	}
	return pages.Alone(w, "sheets", p)
}

// showSheets shows codes just made, once.
func (s *Server) showSheets(w http.ResponseWriter, r *http.Request, list []access.Issued, contact string) error {
	county, err := s.Access.County(r.Context())
	if err != nil {
		return err
	}
	p, err := newSheetsPage(s.lang(r), list, county.Name, contact)
	if err != nil {
		return err
	}
	return s.show(w, r, "sheets", p)
}

// invitePage is where codes for many units are made at once.
type invitePage struct {
	ui.Page
	Units   []pick
	Older   string
	Days    string
	Approve bool
	Contact string
}

// pick is a unit to choose.
type pick struct {
	access.Standing
	Picked bool
}

func (s *Server) invitePage(w http.ResponseWriter, r *http.Request, u access.User) error {
	p, err := s.newInvitePage(r, u)
	if err != nil {
		return err
	}
	return s.show(w, r, "invite", p)
}

func (s *Server) newInvitePage(r *http.Request, u access.User) (*invitePage, error) {
	lang := s.lang(r)
	units, err := s.Access.Standings(r.Context(), u, r.URL.Query().Get("cursor"), access.MaxInvites)
	if err != nil {
		return nil, err
	}
	p := &invitePage{Days: strconv.Itoa(int(access.InviteLife / day)), Contact: u.Name}
	posted := r.Method == http.MethodPost
	if posted {
		p.Days, p.Contact, p.Approve = r.PostFormValue("days"), r.PostFormValue("contact"), r.PostFormValue("approval") != ""
	}
	given := map[string]bool{}
	for _, code := range r.PostForm["unit"] {
		given[code] = true
	}
	waiting := 0
	for _, x := range units {
		missing := x.Nodes == 0 && x.Level == catalog.LevelTownship
		if missing {
			waiting++
		}
		p.Units = append(p.Units, pick{x, posted && given[x.Code] || !posted && missing})
	}
	p.Title = ui.T(lang, "成批发入网码")
	p.Lead = ui.T(lang, "每个单位一张入网单，一起打印。")
	if waiting > 0 {
		p.Lead = ui.T(lang, "还没有节点的乡镇有 %d 个，已经选上。每个单位一张入网单，一起打印。", waiting)
	}
	if next := nextAfter(units, access.MaxInvites, func(x access.Standing) string { return x.Code }); next != "" {
		p.Older = web.WithParam(r, "cursor", next)
	}
	return p, nil
}

// day is the unit in which people count how long a code lasts.
const day = 24 * time.Hour

// inviteMany makes a code for each unit chosen.
func (s *Server) inviteMany(w http.ResponseWriter, r *http.Request, u access.User) error {
	list, failed := s.issue(r, u)
	if failed != nil {
		p, err := s.newInvitePage(r, u)
		if err != nil {
			return err
		}
		return s.again(w, r, "invite", p, &p.Page, unitFault(failed))
	}
	return s.showSheets(w, r, list, r.PostFormValue("contact"))
}

func (s *Server) issue(r *http.Request, u access.User) ([]access.Issued, error) {
	// Reading a field reads the form.
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || days < 1 || days > access.MaxInviteDays {
		return nil, fault.Field("days", fmt.Sprintf("有效天数要在 1 到 %d 之间。", access.MaxInviteDays))
	}
	if len([]rune(r.PostFormValue("contact"))) > maxContact {
		return nil, fault.Field("contact", fmt.Sprintf("最多 %d 个字。", maxContact))
	}
	return s.Access.InviteAll(r.Context(), u, r.PostForm["unit"], access.Terms{Base: s.Base(r), Life: time.Duration(days) * day,
		Approval: r.PostFormValue("approval") != ""})
}

// maxContact is how much fits on a line of the sheet.
const maxContact = 60
