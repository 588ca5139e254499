package uitest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"strconv"
	"strings"
	"text/template/parse"
)

// templates collects the texts of all *.tmpl files, in folders too, but not
// those that only tests use.
func (u *use) templates(dir fs.FS) error {
	return fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "testdata" {
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".tmpl") {
			return err
		}
		text, err := fs.ReadFile(dir, path)
		if err != nil {
			return fmt.Errorf("reading template: %w", err)
		}
		tree := parse.New(path)
		tree.Mode = parse.SkipFuncCheck
		set := map[string]*parse.Tree{}
		if _, err := tree.Parse(string(text), "{{", "}}", set); err != nil {
			return fmt.Errorf("parsing template: %w", err)
		}
		for _, one := range set {
			u.node(path, one.Root)
		}
		return nil
	})
}

// node walks a template. Chinese may stand only as the text given to t.
func (u *use) node(path string, n parse.Node) {
	switch n := n.(type) {
	case nil:
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				u.node(path, c)
			}
		}
	case *parse.TextNode:
		// Names of languages are written in the language itself.
		if text := strings.ReplaceAll(string(n.Text), "中文", ""); HasHan(text) {
			u.loose = append(u.loose, fmt.Sprintf("%s: Chinese outside {{t …}}: %.60q", path, strings.TrimSpace(text)))
		}
	case *parse.ActionNode:
		u.node(path, n.Pipe)
	case *parse.IfNode:
		u.branch(path, &n.BranchNode)
	case *parse.WithNode:
		u.branch(path, &n.BranchNode)
	case *parse.RangeNode:
		u.branch(path, &n.BranchNode)
	case *parse.TemplateNode:
		u.node(path, n.Pipe)
	case *parse.PipeNode:
		if n != nil {
			for _, c := range n.Cmds {
				u.command(path, c)
			}
		}
	case *parse.StringNode:
		if HasHan(n.Text) {
			u.loose = append(u.loose, fmt.Sprintf("%s: Chinese not given to t: %s", path, n.Quoted))
		}
	}
}

func (u *use) branch(path string, n *parse.BranchNode) {
	u.node(path, n.Pipe)
	u.node(path, n.List)
	u.node(path, n.ElseList)
}

func (u *use) command(path string, c *parse.CommandNode) {
	args := c.Args
	if id, ok := args[0].(*parse.IdentifierNode); ok && id.Ident == "t" && len(args) > 1 {
		if s, ok := args[1].(*parse.StringNode); ok {
			u.require(s.Text, path)
			args = args[2:]
		}
	}
	for _, a := range args {
		u.node(path, a)
	}
}

// sources collects the texts of the Go files at the top of dir.
func (u *use) sources(dir fs.FS) error {
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
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if s, ok := spoken(n); ok {
					u.require(s, name)
				}
			case *ast.BasicLit:
				if s, ok := literal(n); ok {
					u.seen[s] = true
				}
			}
			return true
		})
	}
	return nil
}

// spoken is the text a call says to a person, if it is fixed.
func spoken(call *ast.CallExpr) (string, bool) {
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
