package web

import (
	"net/http"
	"net/url"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/ranking"
	"zhanqun/internal/ui"
)

type rankingsPage struct {
	ui.Page
	Table   ranking.Table
	Groups  []rankGroup
	Names   map[string]string // columns by slug
	Unit    string            // whose points are explained, or ""
	Name    string            // its name
	Before  string            // addresses
	After   string
	Month   string
	Quarter string
	Year    string
	CSV     string
}

// rankGroup is one table of the page.
type rankGroup struct {
	ID    string
	Name  string
	Lines []ranking.Line
	Rank  bool // its lines have ranks
}

// rankingsPage shows who sent in what in a period and what became of it, and for
// one unit where its points come from.
func (s *Server) rankingsPage(w http.ResponseWriter, r *http.Request, u access.User) error {
	if r.FormValue("format") == "csv" {
		return s.apiRankings(w, r, u)
	}
	table, err := s.ranking(r, u)
	if err != nil {
		return err
	}
	columns, err := s.Access.Columns(r.Context())
	if err != nil {
		return err
	}
	lang := s.lang(r)
	p := &rankingsPage{Table: table, Names: columnNames(columns), Unit: r.FormValue("unit"), Groups: []rankGroup{
		{"townships", ui.T(lang, "乡镇（街道）"), table.Townships, true},
		{"departments", ui.T(lang, "部门"), table.Departments, true},
		{"villages", ui.T(lang, "村（社区）"), table.Villages, false},
	}}
	p.Title = ui.T(lang, "报送采用排名")
	p.Lead = ui.T(lang, "%s，截至现在", ui.T(lang, table.Period.Name))
	at := func(period ranking.Period) string { return rankingURL(period.ID, p.Unit) }
	p.Before, p.After = at(table.Period.Shift(-1)), at(table.Period.Shift(1))
	if !table.Period.Until.Before(s.Now()) {
		p.After = ""
	}
	p.Month, p.Quarter, p.Year = at(table.Period.Month()), at(table.Period.Quarter()), at(table.Period.Year())
	p.CSV = rankingURL(table.Period.ID, "") + "&format=csv"
	for _, g := range p.Groups {
		for _, l := range g.Lines {
			if l.Unit == p.Unit {
				p.Name = l.Name
			}
		}
	}
	return s.show(w, r, "rankings", p)
}

func rankingURL(period, unit string) string {
	v := url.Values{"period": {period}}
	if unit != "" {
		v.Set("unit", unit)
	}
	return "/rankings?" + v.Encode()
}

// URL is where the points of a unit are explained.
func (p *rankingsPage) URL(unit string) string {
	return rankingURL(p.Table.Period.ID, unit) + "#ledger"
}

// Above counts adoptions above the county.
func (p *rankingsPage) Above(l ranking.Line) int {
	n := 0
	for outlet, count := range l.AdoptedBy {
		if outlet != catalog.OutletCounty {
			n += count
		}
	}
	return n
}

// Outlet is the name of who adopted an item.
func (p *rankingsPage) Outlet(outlet string) string { return ui.T(p.Lang, outletName(outlet)) }

// Reason says why an item was taken down.
func (p *rankingsPage) Reason(e ranking.Entry) string {
	if e.Reason == "" {
		return ui.T(p.Lang, "报送单位自己撤回")
	}
	return ui.T(p.Lang, reasonName(e.Reason))
}
