package rules

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"zhanqun/internal/chinatime"
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

// maxFile bounds one file, in bytes; maxFiles how many are read of a folder.
const (
	maxFile  = 256 << 10
	maxFiles = 100
)

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
	names, err := fs.Glob(folder, "*.toml")
	if err == nil && len(names) == 0 {
		_, err = fs.Stat(folder, ".")
	}
	if err != nil {
		return fmt.Errorf("读不了检查指标目录：%w", err)
	}
	if len(names) > maxFiles {
		return fmt.Errorf("检查指标目录里的文件太多（超过 %d 个）", maxFiles)
	}
	for _, name := range names {
		info, err := fs.Stat(folder, name)
		if err != nil {
			return fmt.Errorf("读不了检查指标 %s：%w", name, err)
		}
		if info.Size() > maxFile {
			return fmt.Errorf("检查指标 %s 太大", name)
		}
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return fmt.Errorf("读不了检查指标 %s：%w", name, err)
		}
		s, err := Parse(text)
		if err != nil {
			return fmt.Errorf("检查指标 %s 有误：%w", name, err)
		}
		if into[s.ID] != nil {
			return fmt.Errorf("检查指标 %s：编号 %s 已经用过", name, s.ID)
		}
		into[s.ID] = s
	}
	return nil
}

// Parse reads one set as it is written, without what it extends.
func Parse(text []byte) (*Set, error) {
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("文件不是 UTF-8 编码，请另存为 UTF-8")
	}
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
