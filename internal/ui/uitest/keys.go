package uitest

import (
	"fmt"
	"io/fs"
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
