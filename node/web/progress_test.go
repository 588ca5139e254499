package web

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"zhanqun/internal/browsertest"
	"zhanqun/node/queue"
)

// film adds a film of that many MiB as an attachment.
func (s *site) film(name string, mib int) queue.Draft {
	s.t.Helper()
	data := make([]byte, mib<<20)
	copy(data, "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"+name)
	a, err := s.q.AddFile(context.Background(), name, bytes.NewReader(data))
	if err != nil {
		s.t.Fatal(err)
	}
	t := text("许家坝镇举办乡村运动会")
	t.Attachments = append(t.Attachments, a)
	return queue.Draft{Text: t}
}

// How far a file is and how long it will take stands on the item's page and on
// that of the line, and moves by itself.
func TestProgressOfAFileIsLive(t *testing.T) {
	s := newSite(t)
	s.serve()
	draft := s.film("运动会.mp4", 4)
	sha := draft.Text.Attachments[0].SHA256
	out, err := s.q.Post(context.Background(), township, draft)
	if err != nil {
		t.Fatal(err)
	}
	s.line(queue.Line{Connected: true, Since: noon, LastContact: noon})
	s.confirm()
	tab := browsertest.Open(t)
	item, line := s.visitor(tab, "wang"), s.visitor(tab, "wang")
	item.Visit(s.url + "/items/" + out.ID)
	item.says("等着发送")
	line.Visit(s.url + "/queue")
	line.says("没传完的附件", "附件还剩")
	has := func(mib int) {
		t.Helper()
		if err := s.q.FileProgress(context.Background(), sha, int64(mib)<<20); err != nil {
			t.Fatal(err)
		}
		for _, p := range []*visitor{item, line} {
			p.Until(fmt.Sprintf(`document.querySelector("main").innerText.includes("%d MB / 4 MB") && document.querySelector("progress").value === %d`, mib, mib<<20))
		}
	}
	has(1)
	item.says("正在发送")
	s.clockAt(10 * time.Second)
	has(2)
	item.says("2 MB / 4 MB · 约需 10 秒")
	line.says("2 MB / 4 MB · 约需 10 秒", "按现在的速度约需 10 秒")
	for _, p := range []struct {
		name string
		*visitor
	}{{"progress-item", item}, {"progress-queue", line}} {
		for _, kind := range kinds {
			p.Look(kind.width, kind.dark)
			p.picture(p.name + "-" + kind.name)
		}
	}

	s.line(queue.Line{Since: noon, LastContact: noon})
	item.Until(`document.querySelector("main").innerText.includes("线路恢复后接着发送")`)
	s.line(queue.Line{Connected: true, Since: noon, LastContact: noon})
	if err := s.q.FileDone(context.Background(), sha); err != nil {
		t.Fatal(err)
	}
	item.Until(`document.querySelector("main").innerText.includes("县里已收到")`)
	line.Until(`!document.querySelector("main").innerText.includes("没传完的附件")`)
	item.quiet()
	line.quiet()
}
