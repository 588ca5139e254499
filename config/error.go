package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Problem is one thing wrong with the settings.
type Problem struct {
	Line    int    // line of the file, from 1; 0 if it is not in the file
	Key     string // the setting (http.addr) or the environment variable; may be empty
	Message string // what is wrong and what to write, in Chinese
}

// Error says everything that is wrong with the settings.
type Error struct {
	Path     string // the file; empty without one
	Problems []Problem
}

// Error returns one line for the operator.
func (e *Error) Error() string {
	var parts []string
	for _, p := range e.Problems {
		where := p.Key
		if p.Line > 0 {
			where = strings.TrimSpace(fmt.Sprintf("第 %d 行 %s", p.Line, p.Key))
		}
		if where != "" {
			where += "："
		}
		parts = append(parts, where+p.Message)
	}
	head := "设置有误："
	if e.Path != "" {
		head = "配置文件 " + e.Path + " 有误："
	}
	// A quoted key may hold anything, a line break too.
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, head+strings.Join(parts, "；"))
}

// sorted puts the problems of the file first, in its order.
func (e *Error) sorted() *Error {
	slices.SortStableFunc(e.Problems, func(a, b Problem) int {
		if (a.Line == 0) != (b.Line == 0) {
			return b.Line - a.Line
		}
		return cmp.Compare(a.Line, b.Line)
	})
	return e
}
