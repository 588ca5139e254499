package cli

import (
	"flag"
	"fmt"
	"strings"
)

// parse reads flags wherever they stand among the arguments; after -- there
// are only arguments.
func parse(f *flag.FlagSet, args []string) (rest []string, err error) {
	for len(args) > 0 {
		if err := f.Parse(args); err != nil {
			return nil, flagError(err)
		}
		left := f.Args()
		if n := len(args) - len(left); n > 0 && args[n-1] == "--" {
			return append(rest, left...), nil
		}
		if len(left) == 0 {
			break
		}
		rest, args = append(rest, left[0]), left[1:]
	}
	return rest, nil
}

// flagError says in Chinese what package flag says in English.
func flagError(err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return fmt.Errorf("没有 --%s 这个选项", name)
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return fmt.Errorf("选项 --%s 后面要写值", name)
	}
	if strings.HasPrefix(text, "invalid ") {
		return fmt.Errorf("选项的值不对（%s）", text)
	}
	return err
}
