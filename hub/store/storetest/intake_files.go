package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"zhanqun/hub/intake"
	"zhanqun/internal/blob"
	"zhanqun/internal/fault"
	"zhanqun/protocol"
)

// folder is where files go.
func folder(t *testing.T) *blob.Store {
	t.Helper()
	blobs, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	return blobs
}

// A node is credited with what it has brought itself, and with nothing else.
func files(t *testing.T, open Open) {
	s, _, node := line(t, open)
	other := NewSender(t, s, Tangtou)
	blobs := folder(t)
	in := intake.New(intake.Options{Store: s, Files: blobs, Now: s.Now})
	stop := running(t, in)
	content := []byte("一张照片的内容，分几次送到")
	sha := protocol.HashOf(content)
	size := int64(len(content))
	offer := protocol.Offer{SHA256: sha, Size: size}
	type answer = protocol.OfferAnswer
	check := func(what string, want answer) func(answer, error) {
		return func(got answer, err error) {
			t.Helper()
			want.Chunk = protocol.MaxChunkBytes
			if err != nil || got != want {
				t.Errorf("%s: %+v %v, want %+v", what, got, err, want)
			}
		}
	}
	a, b := node.Node.ID, other.Node.ID
	if _, err := in.Chunk(t.Context(), a, sha, 0, content[:5]); code(err) != protocol.CodeUnknown {
		t.Errorf("chunk before offer: %v", err)
	}
	check("offer", answer{})(in.Offer(t.Context(), a, offer))
	check("chunk", answer{Have: 10})(in.Chunk(t.Context(), a, sha, 0, content[:10]))
	check("chunk again", answer{Have: 10})(in.Chunk(t.Context(), a, sha, 0, content[:10]))
	check("chunk too early", answer{Have: 10})(in.Chunk(t.Context(), a, sha, 20, content[20:]))
	check("chunk that overlaps", answer{Have: 12})(in.Chunk(t.Context(), a, sha, 5, content[5:12]))
	check("another node's offer", answer{})(in.Offer(t.Context(), b, offer))

	// The hub restarts; both go on where they were.
	stop()
	in = intake.New(intake.Options{Store: s, Files: blobs, Now: s.Now})
	stop = running(t, in)
	defer stop()
	check("offer after restart", answer{Have: 12})(in.Offer(t.Context(), a, offer))
	check("rest", answer{Have: size, Done: true})(in.Chunk(t.Context(), a, sha, 12, content[12:]))
	check("offer of what is done", answer{Have: size, Done: true})(in.Offer(t.Context(), a, offer))
	if !blobs.Has(sha) || kinds(t, s, "file.received") != 1 {
		t.Error("the file is not on file")
	}

	check("another node's offer of what is there", answer{})(in.Offer(t.Context(), b, offer))
	wrong := slices.Clone(content)
	wrong[0] ^= 1
	if _, err := in.Chunk(t.Context(), b, sha, 0, wrong); code(err) != protocol.CodeHash {
		t.Errorf("a guess at the content: %v", err)
	}
	check("offer after the guess", answer{})(in.Offer(t.Context(), b, offer))
	check("the content", answer{Have: size, Done: true})(in.Chunk(t.Context(), b, sha, 0, content))
	if !blobs.Has(sha) {
		t.Error("the file is gone")
	}
	for _, o := range []protocol.Offer{{SHA256: "x", Size: 1}, {SHA256: sha}, {SHA256: sha, Size: protocol.MaxAttachmentBytes + 1}} {
		if _, err := in.Offer(t.Context(), a, o); code(err) == "" {
			t.Errorf("offer %+v was taken", o)
		}
	}
}

// A county that takes less than the wire carries refuses what is more, item and
// file alike; one whose disk has no room takes no file for now.
func countyLimits(t *testing.T, open Open) {
	s, stream, node := line(t, open)
	var full bool
	in := intake.New(intake.Options{Store: s, Files: folder(t), Now: s.Now, Limits: &protocol.Limits{Attachments: 1, AttachmentBytes: 10, ItemBytes: 15},
		Room: func(int64) error {
			if full {
				return fault.New(fault.Full, "满了")
			}
			return nil
		}})
	stream.Intake = in
	attach := func(sizes ...int64) *protocol.Submit {
		m := node.Text()
		for i, size := range sizes {
			m.Attachments = append(m.Attachments, protocol.Attachment{SHA256: strings.Repeat(string("abc"[i]), 64), Name: "图.jpg", Size: size, Type: "image/jpeg"})
		}
		return m
	}
	stream.Send(node, node.Submit(attach(10)), node.Submit(attach(11)), node.Submit(attach(1, 1)))
	same(t, "told", news(t, s, node), []string{"refusal 2 field attachments[0].size", "refusal 3 field attachments", "receipt 3"})

	id, sha := node.Node.ID, protocol.HashOf([]byte("0123456789"))
	if _, err := in.Offer(t.Context(), id, protocol.Offer{SHA256: sha, Size: 11}); code(err) != protocol.CodeTooLarge {
		t.Errorf("offer of 11 bytes: %v", err)
	}
	full = true
	if _, err := in.Offer(t.Context(), id, protocol.Offer{SHA256: sha, Size: 10}); code(err) != protocol.CodeQuota {
		t.Errorf("offer without room: %v", err)
	}
	full = false
	if _, err := in.Offer(t.Context(), id, protocol.Offer{SHA256: sha, Size: 10}); err != nil {
		t.Error(err)
	}
	full = true
	if _, err := in.Chunk(t.Context(), id, sha, 0, []byte("01234")); code(err) != protocol.CodeQuota {
		t.Errorf("chunk without room: %v", err)
	}
	full = false
	if a, err := in.Chunk(t.Context(), id, sha, 0, []byte("0123456789")); err != nil || !a.Done {
		t.Errorf("chunk: %+v, %v", a, err)
	}
}

// A file that nobody can use does not stay, and is looked at again when it is
// sent again.
func unusableFile(t *testing.T, open Open) {
	s, _, node := line(t, open)
	blobs := folder(t)
	accepted := false
	in := intake.New(intake.Options{Store: s, Files: blobs, Now: s.Now, Inspect: func(context.Context, string) (string, error) {
		if accepted {
			return "image/png", nil
		}
		return "", fault.New(fault.Invalid, "不支持这种文件")
	}})
	stop := running(t, in)
	defer stop()
	id, content := node.Node.ID, []byte("MZ...")
	sha := protocol.HashOf(content)
	for range 2 {
		if a, err := in.Offer(t.Context(), id, protocol.Offer{SHA256: sha, Size: 5}); err != nil || a.Have != 0 {
			t.Errorf("offer: %+v, %v", a, err)
		}
		if _, err := in.Chunk(t.Context(), id, sha, 0, content); code(err) != protocol.CodeContent {
			t.Errorf("chunk: %v", err)
		}
		if blobs.Has(sha) {
			t.Error("the file stays")
		}
	}
	accepted = true
	if a, err := in.Chunk(t.Context(), id, sha, 0, content); err != nil || !a.Done || !blobs.Has(sha) {
		t.Errorf("chunk: %+v, %v", a, err)
	}
}
