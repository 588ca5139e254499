package dropbox

import (
	"errors"
	"fmt"
	"io"

	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
)

// Outcome is what became of the files a command was given. Every file is tried,
// whatever becomes of the others.
type Outcome struct {
	list   []result
	first  error // of the files that were not taken
	failed int
	again  int // were taken before
}

type result struct {
	File   string `json:"file"`
	Report any    `json:"report,omitempty"`
	Error  string `json:"error,omitempty"`
	words  string
}

// Done notes a file that was taken.
func (o *Outcome) Done(file, words string, report any) {
	o.list = append(o.list, result{File: file, words: words, Report: report})
}

// Repeated notes a file that was taken before.
func (o *Outcome) Repeated(file, words string, report any) {
	o.again++
	o.Done(file, words, report)
}

// Failed notes a file that was not taken.
func (o *Outcome) Failed(file string, err error) {
	if o.failed++; o.failed == 1 {
		o.first = err
	}
	o.list = append(o.list, result{File: file, words: cli.Words(err), Error: cli.Words(err)})
}

// Say writes what became of each file and returns why the command has not done
// all it was asked: the error of the first file that was not taken, or that all
// of them had been taken before.
func (o *Outcome) Say(w io.Writer, asJSON bool) error {
	if asJSON {
		if err := cli.WriteJSON(w, o.list); err != nil {
			return err
		}
	} else if err := o.text(w); err != nil {
		return err
	}
	switch {
	case o.failed > 0 && len(o.list) > 1:
		return &Trouble{fault.Wrap(fault.KindOf(o.first), fmt.Sprintf("%d 个文件里有 %d 个没有导入，原因见上。", len(o.list), o.failed), o.first), exitOf(o.first)}
	case o.failed > 0:
		return o.first
	case o.again > 0 && o.again == len(o.list):
		return Repeated(o.list[0].words)
	}
	return nil
}

// text leaves out what the error that follows says itself.
func (o *Outcome) text(w io.Writer) error {
	if len(o.list) == 1 && o.failed+o.again > 0 {
		return nil
	}
	for _, r := range o.list {
		if _, err := fmt.Fprintf(w, "%s：%s\n", r.File, r.words); err != nil {
			return err
		}
	}
	return nil
}

func exitOf(err error) int {
	var own interface{ ExitCode() int }
	if errors.As(err, &own) {
		return own.ExitCode()
	}
	return cli.Failed
}
