package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"zhanqun/hub/access"
	"zhanqun/hub/catalog"
	"zhanqun/hub/intake"
	"zhanqun/internal/blob"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// A node that knows the digest of another unit's file learns nothing by offering
// it, and gets no item published with it, until it has brought every byte itself.
func foreignFile(t *testing.T, open Open) {
	o := NewOffice(t, open)
	blobs := folder(t)
	in := intake.New(intake.Options{Store: o.Store, Files: blobs, Now: o.Now})
	stop := running(t, in)
	defer stop()
	owner, thief := o.Nodes[0].Node.ID, o.Nodes[1].Node.ID
	there, nowhere := []byte("只有思唐街道有的照片"), []byte("谁也没有交过的照片啊")
	if len(there) != len(nowhere) {
		t.Fatal("the two must differ in their bytes alone")
	}
	bring := func(node string, data []byte) {
		t.Helper()
		must[protocol.OfferAnswer](t)(in.Offer(t.Context(), node, protocol.Offer{SHA256: protocol.HashOf(data), Size: int64(len(data))}))
		if a := must[protocol.OfferAnswer](t)(in.Chunk(t.Context(), node, protocol.HashOf(data), 0, data)); !a.Done {
			t.Fatalf("%+v", a)
		}
	}
	bring(owner, there)

	// Whatever the thief tries, it hears the same of both.
	heard := func(data []byte) (said []string) {
		sha, size := protocol.HashOf(data), int64(len(data))
		note := func(a protocol.OfferAnswer, err error) { said = append(said, fmt.Sprintf("%+v %v", a, err)) }
		note(in.Chunk(t.Context(), thief, sha, 0, data[:4]))
		note(in.Offer(t.Context(), thief, protocol.Offer{SHA256: sha, Size: size + 1}))
		note(in.Offer(t.Context(), thief, protocol.Offer{SHA256: sha, Size: size}))
		note(in.Chunk(t.Context(), thief, sha, size-1, []byte("x")))
		note(in.Chunk(t.Context(), thief, sha, 0, make([]byte, size-1)))
		note(in.Chunk(t.Context(), thief, sha, size-1, []byte("x")))
		note(in.Offer(t.Context(), thief, protocol.Offer{SHA256: sha, Size: size}))
		return said
	}
	same(t, "heard of a file that is there", heard(there), heard(nowhere))

	photo := protocol.Attachment{SHA256: protocol.HashOf(there), Name: "图.jpg", Size: int64(len(there)), Type: "image/jpeg"}
	item := o.Submit(1, "township", func(m *protocol.Submit) { m.Attachments = []protocol.Attachment{photo} })
	o.Decide(o.Reviewer, item, catalog.ActionApprove)
	sweep(t, o)
	if d := o.Item(item); d.Entry != nil || d.Arrived[photo.SHA256] {
		t.Errorf("published with another unit's file: %+v", d.Item)
	}
	if _, err := o.PublicFile(t.Context(), photo.SHA256); !fault.Is(err, fault.NotFound) {
		t.Errorf("the file is public: %v", err)
	}
	if !blobs.Has(photo.SHA256) {
		t.Error("the owner's file is gone")
	}
	bring(thief, there)
	sweep(t, o)
	if d := o.Item(item); d.Entry == nil || !d.Arrived[photo.SHA256] {
		t.Errorf("not published with its own file: %+v", d.Item)
	}
	stored := 0
	if err := blobs.Walk(t.Context(), func(blob.Entry) error { stored++; return nil }); err != nil || stored != 1 {
		t.Errorf("the one photo is kept %d times, %v", stored, err)
	}
}

// A machine that takes another's place has its files.
func inheritedFile(t *testing.T, open Open) {
	o := NewOffice(t, open)
	photo := protocol.Attachment{SHA256: digest('e'), Name: "图.jpg", Size: 9, Type: "image/jpeg"}
	item := o.Submit(0, "township", func(m *protocol.Submit) { m.Attachments = []protocol.Attachment{photo} })
	o.Arrive(photo)
	code, _, err := Access(o.Store).InviteReplacement(t.Context(), Admin(), o.Nodes[0].Node.ID, base, 0)
	if err != nil {
		t.Fatal(err)
	}
	fresh, _, err := o.joined(code, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f := must[intake.File](t)(o.FileOf(t.Context(), fresh.Node.ID, photo.SHA256)); !f.Done {
		t.Errorf("has to be sent again: %+v", f)
	}
	if n := must[access.Node](t)(o.NodeByID(t.Context(), fresh.Node.ID)); n.Unit != Sitang || !o.Item(item).Arrived[photo.SHA256] {
		t.Error("the item lost its file")
	}
}

// What a node says of a file is checked when it says so, and the file when it
// comes: each refusal names the field.
func lyingFiles(t *testing.T, open Open) {
	o := NewOffice(t, open)
	node := o.Nodes[0]
	good := protocol.Attachment{SHA256: strings.Repeat("a", 64), Name: "图.jpg", Size: 9, Type: "image/jpeg"}
	var told []string
	for i, tt := range []struct {
		name string
		lie  func(a *protocol.Attachment)
		want string // field
	}{
		{"a path", func(a *protocol.Attachment) { a.Name = "../../etc/图.jpg" }, "name"},
		{"a Windows path", func(a *protocol.Attachment) { a.Name = `C:\图.jpg` }, "name"},
		{"a hidden name", func(a *protocol.Attachment) { a.Name = ".jpg" }, "name"},
		{"a control character", func(a *protocol.Attachment) { a.Name = "图\n.jpg" }, "name"},
		{"a program", func(a *protocol.Attachment) { a.Name = "图.exe" }, "name"},
		{"a page", func(a *protocol.Attachment) { a.Name, a.Type = "图.html", "text/html" }, "name"},
		{"a page by its type alone", func(a *protocol.Attachment) { a.Type = "text/html" }, "type"},
		{"a drawing with scripts", func(a *protocol.Attachment) { a.Type = "image/svg+xml" }, "type"},
		{"a name of another kind", func(a *protocol.Attachment) { a.Name = "表.xlsx" }, "name"},
		{"no extension", func(a *protocol.Attachment) { a.Name = "图" }, "name"},
		{"an empty file", func(a *protocol.Attachment) { a.Size = 0 }, "size"},
		{"a file beyond the limit", func(a *protocol.Attachment) { a.Size = protocol.MaxAttachmentBytes + 1 }, "size"},
		{"no digest", func(a *protocol.Attachment) { a.SHA256 = "x" }, "sha256"},
	} {
		m := node.Text()
		a := good
		tt.lie(&a)
		m.Attachments = []protocol.Attachment{good, a}
		if tt.want != "sha256" {
			m.Attachments[1].SHA256 = strings.Repeat("b", 64)
		}
		body, err := json.Marshal(m) // as a hostile node would, unchecked
		if err != nil {
			t.Fatal(err)
		}
		o.Stream.Send(node, node.Raw(protocol.KindSubmit, body))
		told = news(t, o.Store, node)
		want := fmt.Sprintf("refusal %d field attachments[1].%s", i+1, tt.want)
		if !slices.Contains(told, want) {
			t.Errorf("%s: not told %q, but %q", tt.name, want, told[max(0, len(told)-2):])
		}
	}

	// It says picture and brings text: that is never published.
	notes := protocol.Attachment{SHA256: protocol.HashOf([]byte("只是文字")), Name: "图.png", Size: 12, Type: "image/png"}
	item := o.Submit(0, "township", func(m *protocol.Submit) { m.Attachments = []protocol.Attachment{notes} })
	blobs := folder(t)
	in := intake.New(intake.Options{Store: o.Store, Files: blobs, Now: o.Now, Inspect: func(_ context.Context, sha string) (string, error) {
		f, size, err := blobs.Get(sha)
		if err != nil {
			return "", err
		}
		defer f.Close()
		info, err := content.Inspect("", f, size)
		return info.Type, err
	}})
	must[protocol.OfferAnswer](t)(in.Offer(t.Context(), node.Node.ID, protocol.Offer{SHA256: notes.SHA256, Size: 12}))
	if a := must[protocol.OfferAnswer](t)(in.Chunk(t.Context(), node.Node.ID, notes.SHA256, 0, []byte("只是文字"))); !a.Done {
		t.Fatalf("%+v", a)
	}
	o.Decide(o.Reviewer, item, catalog.ActionApprove)
	sweep(t, o)
	if d := o.Item(item); d.Entry != nil || d.Arrived[notes.SHA256] || !d.Unlike[notes.SHA256] {
		t.Errorf("published as a picture: %+v", d)
	}
}
