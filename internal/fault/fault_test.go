package fault_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"zhanqun/internal/fault"
)

func TestKindSurvivesWrapping(t *testing.T) {
	err := fmt.Errorf("saving item: %w", fault.Wrap(fault.Full, "磁盘已满", io.ErrShortWrite))
	if !fault.Is(err, fault.Full) {
		t.Errorf("KindOf = %v, want Full", fault.KindOf(err))
	}
	if got := fault.Message(err); got != "磁盘已满" {
		t.Errorf("Message = %q", got)
	}
	if !errors.Is(err, io.ErrShortWrite) {
		t.Error("the cause is lost")
	}
}

func TestUnknownErrorsStayPrivate(t *testing.T) {
	err := errors.New("pq: password authentication failed for user zhanqun")
	if fault.KindOf(err) != fault.Internal || fault.Is(nil, fault.Internal) {
		t.Error("an unknown error must be Internal, and nil no failure at all")
	}
	if strings.Contains(fault.Message(err), "pq") {
		t.Error("internal text reached the person")
	}
}

func TestEveryKindHasAStatus(t *testing.T) {
	for k := fault.Internal; k <= fault.Full; k++ {
		if k.Status() < 400 {
			t.Errorf("kind %d has status %d", k, k.Status())
		}
	}
}

func TestWithKeepsTheOriginal(t *testing.T) {
	a := fault.Field("title", "标题不能为空")
	b := a.With("body", "正文不能为空")
	if len(a.Fields) != 1 || len(fault.Fields(b)) != 2 {
		t.Errorf("fields: %v, %v", a.Fields, b.Fields)
	}
}
