package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/caarlos0/env/v11"
)

// maxFile bounds a settings file and a file that holds a secret, in bytes.
const maxFile = 1 << 20

// settings is a Hub or a Node.
type settings interface{ check(*checker) }

// load fills into, which holds the defaults, from the file and then from the
// environment, and checks the outcome.
func load(into settings, path string, environ []string) error {
	failed := &Error{Path: path}
	keys := keysOf(into)
	var text string
	if path != "" {
		raw, err := readFile(path)
		if err != nil {
			failed.Problems = []Problem{{Message: err.Error()}}
			return failed
		}
		if p, ok := encodingProblem(raw); !ok {
			failed.Problems = []Problem{p}
			return failed
		}
		text = string(raw)
		failed.Problems = decode(into, text, keys)
	}
	set, problems := fromEnvironment(into, environ, keys)
	failed.Problems = append(failed.Problems, problems...)

	c := &checker{origin: origins(text, set, keys), seen: map[string]bool{}}
	for _, p := range failed.Problems {
		c.seen[p.Key] = true
	}
	into.check(c)
	failed.Problems = append(failed.Problems, c.problems...)
	if len(failed.Problems) > 0 {
		return failed.sorted()
	}
	return nil
}

// origins says for each setting where its value comes from: a line of the file
// or an environment variable, whose name then stands for the key.
func origins(text string, set map[string]bool, keys []key) map[string]Problem {
	at := lines(text)
	from := map[string]Problem{}
	for _, k := range keys {
		from[k.name] = Problem{Key: k.name, Line: at[k.name]}
		if set[k.env] {
			from[k.name] = Problem{Key: "环境变量 " + k.env}
		}
	}
	return from
}

// readFile reads a bounded file; its errors are for the operator.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("没有这个文件，请检查路径")
	}
	if err != nil {
		return nil, fmt.Errorf("打不开文件，请检查权限（%w）", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("读不了文件（%w）", err)
	}
	if len(raw) > maxFile {
		return nil, errors.New("文件超过 1 MiB，不像是设置文件")
	}
	return raw, nil
}

// encodingProblem recognises what old editors on Chinese Windows save.
func encodingProblem(raw []byte) (Problem, bool) {
	const remedy = "。请用记事本打开，选“另存为”，编码选 UTF-8，再保存"
	if bytes.HasPrefix(raw, []byte{0xff, 0xfe}) || bytes.HasPrefix(raw, []byte{0xfe, 0xff}) || bytes.IndexByte(raw, 0) >= 0 {
		return Problem{Message: "文件是 UTF-16（记事本里叫 Unicode）编码" + remedy}, false
	}
	for i, line := range bytes.Split(raw, []byte("\n")) {
		if !utf8.Valid(line) {
			return Problem{Line: i + 1, Message: "文件不是 UTF-8 编码，可能是 GBK（记事本里叫 ANSI）" + remedy}, false
		}
	}
	return Problem{}, true
}

// fromEnvironment sets what variables say. It returns the names of those that
// were used.
func fromEnvironment(into settings, environ []string, keys []key) (map[string]bool, []Problem) {
	vars := map[string]string{}
	for _, v := range environ {
		if name, value, _ := strings.Cut(v, "="); strings.HasPrefix(name, envPrefix) && value != "" {
			vars[name] = value
		}
	}
	used := map[string]bool{}
	var problems []Problem
	for _, k := range keys {
		if k.secret {
			if err := secretFromFile(vars, k.env); err != nil {
				problems = append(problems, Problem{Key: "环境变量 " + k.env + "_FILE", Message: err.Error()})
				continue
			}
		}
		value, ok := vars[k.env]
		if !ok {
			continue
		}
		used[k.env] = true
		// One variable at a time, so that an error has a name.
		err := env.ParseWithOptions(into, env.Options{Prefix: envPrefix, Environment: map[string]string{k.env: value}})
		if err != nil {
			problems = append(problems, Problem{Key: "环境变量 " + k.env, Message: strings.ReplaceAll(k.write, "，用英文双引号括起来", "")})
		}
	}
	return used, append(problems, unknownVariables(vars)...)
}

// secretFromFile lets name_FILE stand for the secret that the file it names
// holds, so that the secret itself is in no process list or unit file.
func secretFromFile(vars map[string]string, name string) error {
	path, ok := vars[name+"_FILE"]
	if !ok {
		return nil
	}
	if _, both := vars[name]; both {
		return fmt.Errorf("不能同时设置 %s，请只留一个", name)
	}
	raw, err := readFile(path)
	if err != nil {
		return fmt.Errorf("%s：%w", path, err)
	}
	vars[name] = strings.TrimSpace(string(raw))
	return nil
}

// unknownVariables finds misspelt names. Both programs may live in one
// environment, so each accepts the other's.
func unknownVariables(vars map[string]string) []Problem {
	known := map[string]bool{}
	for _, k := range append(keysOf(Hub{}), keysOf(Node{})...) {
		known[k.env] = true
		if k.secret {
			known[k.env+"_FILE"] = true
		}
	}
	var problems []Problem
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if !known[name] && !testVariables[name] && !strings.HasPrefix(name, envPrefix+"TEST_") {
			problems = append(problems, Problem{
				Key: "环境变量 " + name, Message: "没有这个设置" + hint(name, slices.Sorted(maps.Keys(known)))})
		}
	}
	return problems
}

func hint(wrong string, names []string) string {
	if name := nearest(wrong, names); name != "" {
		return "，是不是 " + name + "？"
	}
	return "，请对照 config/README.md"
}
