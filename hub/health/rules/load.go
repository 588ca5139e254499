package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/BurntSushi/toml"

	"zhanqun/internal/chinatime"
	"zhanqun/internal/tomldir"
)

//go:embed sets/*.toml
var embedded embed.FS

// Sets are the rule sets there are, by id.
type Sets map[string]*Set

// DefaultSet is the id of the set used when the settings name none.
const DefaultSet = "2019-indicators"

// Default returns the embedded sets.
func Default() Sets {
	sets, err := Load("")
	if err != nil { // embedded, and held by a test
		panic(err)
	}
	return sets
}

// limits bound what is read of a folder.
var limits = tomldir.Limits{Files: 100, Bytes: 256 << 10}

// Load returns the embedded sets and, if dir is not empty, those of the *.toml
// files in it; one of the same id replaces the embedded one. Its errors are meant
// for whoever wrote the files.
func Load(dir string) (Sets, error) {
	sets := Sets{}
	sub, err := fs.Sub(embedded, "sets")
	if err != nil {
		return nil, fmt.Errorf("reading embedded rule sets: %w", err)
	}
	if err := readSets(sub, sets); err != nil {
		return nil, err
	}
	if dir != "" {
		own := Sets{}
		if err := readSets(os.DirFS(dir), own); err != nil {
			return nil, err
		}
		for id, s := range own {
			sets[id] = s
		}
	}
	for _, s := range sets {
		if err := s.inherit(sets, nil); err != nil {
			return nil, err
		}
	}
	for _, s := range sets {
		if err := s.check(); err != nil {
			return nil, err
		}
	}
	return sets, nil
}

func readSets(folder fs.FS, into Sets) error {
	return tomldir.Each(folder, "检查指标", limits, func(_ string, text []byte) error {
		s, err := Parse(text)
		if err != nil {
			return err
		}
		if into[s.ID] != nil {
			return fmt.Errorf("编号 %s 已经用过", s.ID)
		}
		into[s.ID] = s
		return nil
	})
}

// Parse reads one set as it is written, without what it extends.
func Parse(text []byte) (*Set, error) {
	s := &Set{}
	meta, err := toml.Decode(string(text), s)
	if err != nil {
		return nil, err
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		return nil, fmt.Errorf("没有 %s 这一项", extra[0])
	}
	if s.ID == "" || s.Name == "" || s.Text == "" || len(s.ID) > 60 {
		return nil, fmt.Errorf("要有编号 id、名称 name 和依据的文件 text")
	}
	if s.since, err = time.ParseInLocation(time.DateOnly, s.Since, chinatime.Zone); err != nil {
		return nil, fmt.Errorf("生效日期 since 应写成 2019-04-01")
	}
	return s, nil
}

// inherit puts the clauses and groups of the set it extends before its own.
func (s *Set) inherit(sets Sets, below []string) error {
	if s.Extends == "" {
		return nil
	}
	base := sets[s.Extends]
	if base == nil || slices.Contains(below, s.ID) {
		return fmt.Errorf("检查指标 %s：没有可以沿用的指标 %s", s.ID, s.Extends)
	}
	if err := base.inherit(sets, append(below, s.ID)); err != nil {
		return err
	}
	if s.Base == 0 {
		s.Base, s.Pass, s.Bonus, s.PortalOnly = base.Base, base.Pass, base.Bonus, base.PortalOnly
	}
	if s.Windows == "" {
		s.Windows = base.Windows
	}
	s.Groups = replaced(base.Groups, s.Groups, func(g Group) string { return g.ID })
	s.Clauses = replaced(base.Clauses, s.Clauses, func(c Clause) string { return c.ID })
	s.Clauses = slices.DeleteFunc(s.Clauses, func(c Clause) bool { return slices.Contains(s.Without, c.ID) })
	s.Extends = ""
	return nil
}

// replaced returns base with those of own in the place of the ones of their id,
// and the others of own behind.
func replaced[T any](base, own []T, id func(T) string) []T {
	list := slices.Clone(base)
	for _, o := range own {
		if i := slices.IndexFunc(list, func(b T) bool { return id(b) == id(o) }); i >= 0 {
			list[i] = o
		} else {
			list = append(list, o)
		}
	}
	return list
}

// period returns a period as the set counts it.
func (s *Set) period(p Period) Period {
	if s.Windows == "days" {
		return p.inDays()
	}
	return p
}
