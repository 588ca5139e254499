package dropbox

import (
	"errors"
	"fmt"

	"zhanqun/internal/cli"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// Exit codes of commands that take a bundle, beside those of package cli.
const (
	ExitCut      = 3 // it was cut off
	ExitAltered  = 4 // it was altered, or is no bundle
	ExitForeign  = 5 // it is for, or from, somebody else
	ExitOutdated = 6 // it is from a store that was left behind
	ExitRepeated = 7 // it was taken before
)

// Trouble is why a bundle was not taken: the sentence for a person and the exit
// code.
type Trouble struct {
	told *fault.Error
	code int
}

// Error is the text for the log.
func (t *Trouble) Error() string { return t.told.Error() }

// Unwrap lets the sentence be found.
func (t *Trouble) Unwrap() error { return t.told }

// ExitCode is what a command ends with.
func (t *Trouble) ExitCode() int { return t.code }

// Explain turns a protocol.Fault about a bundle into a Trouble that says what to
// do. Other errors stay what they are.
func Explain(err error) error {
	var f protocol.Fault
	if !errors.As(err, &f) {
		return err
	}
	code, todo := cli.Failed, "。"
	switch f.Code {
	case protocol.CodeIncomplete:
		code, todo = ExitCut, "。没有导入任何内容，请重新拷贝；原件也不完整的话，请对方重新导出。"
	case protocol.CodeMalformed, protocol.CodeSignature, protocol.CodeHash, protocol.CodeTooLarge:
		code, todo = ExitAltered, "。没有导入任何内容，请重新拷贝；还不行的话，请对方重新导出。"
	case protocol.CodeHub, protocol.CodeNode:
		code, todo = ExitForeign, "。没有导入任何内容，请核对是不是拿错了文件。"
	case protocol.CodeEpoch:
		code, todo = ExitOutdated, "。没有导入任何内容，请导入对方最新导出的文件。"
	case protocol.CodeVersion:
		code, todo = ExitAltered, "。没有导入任何内容。"
	}
	return &Trouble{fault.Wrap(fault.Invalid, f.Detail+todo, err), code}
}

// Repeated is the Trouble of a bundle that was taken before: no harm is done,
// and there is nothing in it to do.
func Repeated(words string) error {
	return &Trouble{fault.New(fault.Conflict, words), ExitRepeated}
}

// Judge tells what is wrong with a bundle for good, which it returns as it is,
// from what may be right later, which becomes ErrLater.
func Judge(err error) error {
	var f protocol.Fault
	var told *fault.Error
	switch {
	case errors.As(err, &f) && f.Code.Passing(), fault.Is(err, fault.Full), fault.Is(err, fault.Unavailable):
	case errors.As(err, &f), errors.As(err, &told) && told.Kind != fault.Internal:
		return err
	}
	return fmt.Errorf("%w: %w", ErrLater, err)
}
