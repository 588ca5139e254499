package ui

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiff(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           []Para
	}{
		{"same", "甲\n乙", "甲\r\n\r\n乙\n", []Para{
			{Op: Same, Pieces: []Piece{{Same, "甲"}}}, {Op: Same, Pieces: []Piece{{Same, "乙"}}}}},
		{"characters", "全镇120名老人参加活动", "全镇102名老人参加了活动", []Para{
			{Op: Changed, Pieces: []Piece{{Same, "全镇"}, {Delete, "120"}, {Insert, "102"}, {Same, "名老人参加"}, {Insert, "了"}, {Same, "活动"}}}}},
		{"words", "use Linux now please", "use Kylin now please", []Para{
			{Op: Changed, Pieces: []Piece{{Same, "use "}, {Delete, "Linux"}, {Insert, "Kylin"}, {Same, " now please"}}}}},
		{"paragraph added", "甲甲\n丙丙", "甲甲\n乙乙\n丙丙", []Para{
			{Op: Same, Pieces: []Piece{{Same, "甲甲"}}}, {Op: Insert, Pieces: []Piece{{Insert, "乙乙"}}}, {Op: Same, Pieces: []Piece{{Same, "丙丙"}}}}},
		{"nothing in common", "甲乙丙", "丁戊己", []Para{
			{Op: Delete, Pieces: []Piece{{Delete, "甲乙丙"}}}, {Op: Insert, Pieces: []Piece{{Insert, "丁戊己"}}}}},
		{"from nothing", "", "甲", []Para{{Op: Insert, Pieces: []Piece{{Insert, "甲"}}}}},
		{"both empty", "", "\n \n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Diff(tt.old, tt.new).Paras); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDiffFoldsWhatStayed(t *testing.T) {
	old := "一\n二\n三\n四\n五\n六\n七\n末"
	c := Diff(old, strings.Replace(old, "末", "尾", 1))
	if len(c.Paras) != 5 || c.Paras[0].Op != Folded || c.Paras[0].Count != 5 {
		t.Fatalf("paras = %+v", c.Paras)
	}
	if c.Inserted != 1 || c.Deleted != 1 {
		t.Errorf("inserted %d, deleted %d, want 1 and 1", c.Inserted, c.Deleted)
	}
}

// A hostile pair of texts must cost a bounded amount and say that it was cut short.
func TestDiffIsBounded(t *testing.T) {
	for name, unit := range map[string]string{"one paragraph": "甲乙", "many paragraphs": strings.Repeat("甲乙丙丁", 300) + "\n"} {
		old := strings.Repeat(unit, 200_000/len(unit))
		c := comparing{cells: maxAllCells}
		c.run("头"+old, strings.ReplaceAll(old, "甲", "申")+"尾")
		if !c.Coarse {
			t.Errorf("%s: not marked as coarse", name)
		}
		if c.cells < 0 {
			t.Errorf("%s: cost %d cells more than all there are", name, -c.cells)
		}
	}
}

// rebuild puts one side of a comparison together again.
func rebuild(c Comparison, without Op) []string {
	var out []string
	for _, p := range c.Paras {
		if p.Op == Folded {
			for _, piece := range p.Pieces {
				out = append(out, piece.Text)
			}
			continue
		}
		text := ""
		for _, piece := range p.Pieces {
			if piece.Op != without {
				text += piece.Text
			}
		}
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}

func FuzzDiff(f *testing.F) {
	f.Add("甲\n乙", "甲\n丙")
	f.Add("a b c\n\n", "a c\nd\r\n")
	f.Add("一\n二\n三\n四\n五\n六\n七", "七\n一")
	f.Fuzz(func(t *testing.T, old, new string) {
		if len(old) > 4000 || len(new) > 4000 {
			return
		}
		old, new = strings.ToValidUTF8(old, "?"), strings.ToValidUTF8(new, "?")
		c := Diff(old, new)
		if diff := cmp.Diff(paragraphs(old), rebuild(c, Insert)); diff != "" {
			t.Errorf("old text not kept: %s", diff)
		}
		if diff := cmp.Diff(paragraphs(new), rebuild(c, Delete)); diff != "" {
			t.Errorf("new text not kept: %s", diff)
		}
	})
}
