package web

import (
	"bytes"
	"net/http"

	"zhanqun/hub/access"
	"zhanqun/hub/ranking"
	"zhanqun/internal/fault"
	"zhanqun/internal/web"
)

// apiRankings answers GET /api/v1/rankings.
func (s *Server) apiRankings(w http.ResponseWriter, r *http.Request, u access.User) error {
	table, err := s.ranking(r, u)
	if err != nil {
		return err
	}
	switch r.FormValue("format") {
	case "", "json":
		return web.WriteJSON(w, http.StatusOK, table)
	case "csv":
		return writeCSV(w, table)
	}
	return fault.Field("format", "格式只能是 json 或 csv。")
}

// ranking makes the table a request asks for; without a period that of the month
// that has begun.
func (s *Server) ranking(r *http.Request, u access.User) (ranking.Table, error) {
	p := s.Ranking.Current()
	if text := r.FormValue("period"); text != "" {
		var err error
		if p, err = ranking.ParsePeriod(text); err != nil {
			return ranking.Table{}, err
		}
	}
	unit, err := web.Text(r, "unit", 32)
	if err != nil {
		return ranking.Table{}, err
	}
	return s.Ranking.Table(r.Context(), u, p, unit)
}

// writeCSV answers with a table for spreadsheets, to be saved.
func writeCSV(w http.ResponseWriter, table ranking.Table) error {
	var b bytes.Buffer
	if err := table.WriteCSV(&b); err != nil {
		return err
	}
	return sendCSV(w, "ranking-"+table.Period.ID, &b)
}

// sendCSV answers with a file to be saved; name is without an ending.
func sendCSV(w http.ResponseWriter, name string, b *bytes.Buffer) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	w.Header().Set("Cache-Control", "no-store")
	_, err := b.WriteTo(w)
	return err
}
