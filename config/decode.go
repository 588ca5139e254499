package config

import (
	"errors"
	"strings"

	"github.com/BurntSushi/toml"
)

// decode reads the TOML text into the struct and returns what is wrong. The
// types are looked at before the library does, because it stops at the first
// wrong one, takes a number for a text, and takes Addr for addr.
func decode(into settings, text string, keys []key) []Problem {
	at := lines(text)
	var tree map[string]any
	meta, err := toml.Decode(text, &tree)
	if err != nil {
		return []Problem{syntaxProblem(err, text, at, keys)}
	}
	known := map[string]*key{} // nil for the name of a section
	var names []string
	for _, k := range keys {
		known[k.name] = &k
		names = append(names, k.name)
		if section, _, ok := strings.Cut(k.name, "."); ok {
			known[section] = nil
		}
	}
	var problems []Problem
	skip := "\n" // below it everything has been said
	for _, path := range meta.Keys() {
		name := strings.Join(path, ".")
		if strings.HasPrefix(name, skip) {
			continue
		}
		p := Problem{Line: at[name], Key: name}
		switch k, ok := known[name]; {
		case !ok:
			p.Message = "没有这个设置" + hint(name, names)
		case k == nil && meta.Type(path...) != "Hash":
			p.Message = "是一节的名字，要单独一行写成 [" + name + "]"
		case k != nil && !k.accepts(value(tree, path)):
			p.Message = k.write
		default:
			continue
		}
		problems = append(problems, p)
		skip = name + "."
	}
	if len(problems) > 0 {
		return problems
	}
	if _, err := toml.Decode(text, into); err != nil {
		return []Problem{syntaxProblem(err, text, at, keys)}
	}
	return nil
}

// value finds the value of a key that is known to be there.
func value(tree map[string]any, path toml.Key) any {
	var v any = tree
	for _, name := range path {
		section, _ := v.(map[string]any)
		v = section[name]
	}
	return v
}

// syntaxProblem tells where the text stops being TOML. The library's own words
// help, but may quote what it tripped over, so a line with a secret goes
// without them.
func syntaxProblem(err error, text string, at map[string]int, keys []key) Problem {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return Problem{Message: "写法有误"}
	}
	p := Problem{Line: parse.Position.Line, Message: "写法有误"}
	all := strings.Split(text, "\n")
	line := ""
	if p.Line > 0 && p.Line <= len(all) {
		line = all[p.Line-1]
	}
	secret := false
	for _, k := range keys {
		if at[k.name] == p.Line && p.Line > 0 {
			p.Key, p.Message = k.name, k.write
		}
		short := k.name[strings.LastIndex(k.name, ".")+1:]
		secret = secret || k.secret && (strings.Contains(line, short) || parse.LastKey == k.name)
	}
	if !secret {
		p.Message += "（" + parse.Message + "）"
	}
	return p
}
