package uitest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// Without is the folder dir some files of which are not seen.
func Without(dir fs.FS, names ...string) fs.FS { return without{dir, names} }

type without struct {
	fs.FS
	names []string
}

// ReadDir is what fs.Glob looks in.
func (w without) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(w.FS, name)
	if err != nil {
		return nil, fmt.Errorf("listing folder: %w", err)
	}
	return slices.DeleteFunc(list, func(e fs.DirEntry) bool { return slices.Contains(w.names, e.Name()) }), nil
}

// sources gives the Go files at the top of dir to look.
func (u *use) sources(dir fs.FS, look func(name string, file *ast.File)) error {
	files, err := fs.Glob(dir, "*.go")
	if err != nil {
		return fmt.Errorf("listing Go files: %w", err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return fmt.Errorf("reading Go file: %w", err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		if err != nil {
			return fmt.Errorf("parsing Go file: %w", err)
		}
		look(name, file)
	}
	return nil
}

// spoken collects the fixed texts of calls that say something to a person.
func (u *use) spoken(name string, file *ast.File) {
	u.shown(name, file)
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if s, ok := saidBy(call); ok {
				u.require(s, name)
			}
		}
		return true
	})
}

// shown notes all texts as seen.
func (u *use) shown(_ string, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok {
			if s, ok := literal(lit); ok {
				u.seen[s] = true
			}
		}
		return true
	})
}

// every collects all texts, also those put together from several: a sum of
// strings is one text, with %s for what varies.
func (u *use) every(name string, file *ast.File) {
	u.shown(name, file)
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if text, ok := sum(n); ok {
				u.require(text, name)
				for _, part := range varying(n) {
					ast.Inspect(part, func(n ast.Node) bool { return u.literalOf(name, n) })
				}
				return false
			}
		case *ast.BasicLit:
			return u.literalOf(name, n)
		}
		return true
	})
}

// literalOf requires n if it is a text.
func (u *use) literalOf(name string, n ast.Node) bool {
	if lit, ok := n.(*ast.BasicLit); ok {
		if s, ok := literal(lit); ok && !strings.Contains(s, "15:04") && !strings.HasPrefix(s, "2006") { // layouts of times are no texts
			u.require(s, name)
		}
	}
	return true
}

// sum is the text of strings added up; false when nothing in it is a literal.
func sum(e ast.Expr) (text string, fixed bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		return literal(e)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "%s", false
		}
		a, fixedA := sum(e.X)
		b, fixedB := sum(e.Y)
		return a + b, fixedA || fixedB
	}
	return "%s", false
}

// varying are the parts of a sum that are no literals.
func varying(e ast.Expr) []ast.Expr {
	switch e := e.(type) {
	case *ast.BasicLit:
		return nil
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return append(varying(e.X), varying(e.Y)...)
		}
	}
	return []ast.Expr{e}
}

// saidBy is the text a call says to a person, if it is fixed.
func saidBy(call *ast.CallExpr) (string, bool) {
	name, pkg := "", ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
		if id, ok := f.X.(*ast.Ident); ok {
			pkg = id.Name
		}
	}
	said := name == "T" && (pkg == "" || pkg == "ui") || name == "With" && pkg != "slog" ||
		pkg == "fault" && (name == "New" || name == "Wrap" || name == "Field")
	if !said || len(call.Args) < 2 {
		return "", false
	}
	return literal(call.Args[1])
}

// literal is the value of a string literal, or of several joined by +.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		a, okA := literal(e.X)
		b, okB := literal(e.Y)
		return a + b, okA && okB && e.Op == token.ADD
	}
	return "", false
}
