package access

import (
	"context"
	"fmt"
	"io"

	"zhanqun/hub/catalog"
	"zhanqun/hub/listfile"
)

// UnitQuery selects units, ordered by code.
type UnitQuery struct {
	Parent string // empty for all
	Level  string // empty for all
	After  string // the last code of the page before
	Limit  int
}

// Unit returns one unit.
func (s *Service) Unit(ctx context.Context, code string) (catalog.Unit, error) {
	return s.Store.Unit(ctx, code)
}

// Units returns one page of units; Limit is kept between 1 and 500.
func (s *Service) Units(ctx context.Context, q UnitQuery) ([]catalog.Unit, error) {
	q.Limit = page(q.Limit)
	return s.Store.Units(ctx, q)
}

// County returns the unit the register stands under, a zero one while there is none.
func (s *Service) County(ctx context.Context) (catalog.Unit, error) {
	list, err := s.Store.Units(ctx, UnitQuery{Level: catalog.LevelCounty, Limit: 1})
	if err != nil || len(list) == 0 {
		return catalog.Unit{}, err
	}
	return list[0], nil
}

// ImportUnits reads a CSV file of units (see ReadUnits) and brings the register
// up to it. Units that are not in the file stay. It returns how many are in the
// file and how many of them were new or changed; importing a file again changes
// nothing. Either all of the file is imported or nothing.
func (s *Service) ImportUnits(ctx context.Context, actor User, file io.Reader) (total, changed int, err error) {
	if err := actor.Need(Manage); err != nil {
		return 0, 0, err
	}
	rows, err := ReadUnits(file)
	if err != nil {
		return 0, 0, err
	}
	units := make([]catalog.Unit, len(rows))
	for i, r := range rows {
		units[i] = r.Unit
	}
	changed, err = s.Store.ImportUnits(ctx, actor.Login, units, func(known []catalog.Unit) error {
		return checkTree(rows, known)
	})
	if err != nil {
		return 0, 0, err
	}
	return len(rows), changed, nil
}

// above says of which level the unit above a unit must be. The county's own
// parent is outside the register.
var above = map[string]string{
	catalog.LevelDepartment: catalog.LevelCounty,
	catalog.LevelTownship:   catalog.LevelCounty,
	catalog.LevelVillage:    catalog.LevelTownship,
}

// checkTree holds that every unit of the file, and every known unit that stands
// below one, has a parent of the right level once the file is imported.
func checkTree(rows []UnitRow, known []catalog.Unit) error {
	after := make(map[string]catalog.Unit, len(rows)+len(known))
	for _, u := range known {
		after[u.Code] = u
	}
	for _, r := range rows {
		after[r.Code] = r.Unit
	}
	villages := map[string]int{}
	for _, u := range after {
		if u.Level == catalog.LevelVillage {
			villages[u.Parent]++
		}
	}
	line := map[string]int{}
	for _, r := range rows {
		line[r.Code] = r.Line
		if err := checkParent(r.Unit, after); err != nil {
			return listfile.Fault(r.Line, err.Error())
		}
		if n := villages[r.Parent]; r.Level == catalog.LevelVillage && n > MaxVillages {
			return listfile.Fault(r.Line, fmt.Sprintf("%s 下面有 %d 个村，最多 %d 个", r.Parent, n, MaxVillages))
		}
	}
	for _, u := range known {
		if _, listed := line[u.Code]; listed || line[u.Parent] == 0 {
			continue
		}
		if err := checkParent(u, after); err != nil {
			return listfile.Fault(line[u.Parent], "改动后，已登记的单位 "+u.Code+" "+u.Name+" 就不对了："+err.Error())
		}
	}
	return nil
}

func checkParent(u catalog.Unit, after map[string]catalog.Unit) error {
	want := above[u.Level]
	if want == "" {
		return nil
	}
	p, ok := after[u.Parent]
	if !ok {
		return fmt.Errorf("上级单位 %s 不在文件里，也没有登记过", u.Parent)
	}
	if p.Level != want {
		return fmt.Errorf("%s的上级单位 %s（%s）不是%s级", levelNames[u.Level], p.Code, p.Name, levelNames[want])
	}
	return nil
}
