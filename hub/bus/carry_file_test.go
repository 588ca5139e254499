package bus_test

import (
	"bytes"
	"image"
	"image/png"
	"math/rand/v2"
	"testing"

	"zhanqun/hub/store/storetest"
	"zhanqun/internal/testline"
	"zhanqun/node/queue"
	"zhanqun/protocol"
)

// photo is a picture no one can compress: about 3 bytes a pixel.
func photo(t testing.TB, seed uint64, width int) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	m := image.NewNRGBA(image.Rect(0, 0, width, width))
	for i := range m.Pix {
		if m.Pix[i] = byte(r.Uint32()); i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// postWith hands in an item with files.
func (tn *town) postWith(files ...[]byte) (id string, attached []protocol.Attachment) {
	tn.c.t.Helper()
	for i, data := range files {
		ext := ".png"
		if bytes.Contains(data[:12], []byte("ftyp")) {
			ext = ".mp4"
		}
		a, err := tn.q.AddFile(tn.c.t.Context(), "现场"+string(rune('1'+i))+ext, bytes.NewReader(data))
		if err != nil {
			tn.c.t.Fatal(err)
		}
		attached = append(attached, a)
	}
	out, err := tn.q.Post(tn.c.t.Context(), clerk, queue.Draft{Text: queue.Text{Column: "township", Title: "带图的信息",
		Body: "正文。", Author: "张三", Source: "党政办", Attachments: attached}})
	if err != nil {
		tn.c.t.Fatal(err)
	}
	return out.ID, attached
}

func (tn *town) filesDone() bool {
	tn.c.t.Helper()
	st, err := tn.q.State(tn.c.t.Context())
	if err != nil {
		tn.c.t.Fatal(err)
	}
	return st.Blobs.Waiting == 0
}

// Text arrives while its files are still under way; files survive cuts and
// restarts of the hub and arrive whole.
func TestFilesArriveWhole(t *testing.T) {
	t.Parallel() // it waits most of the time
	c := newCounty(t)
	p := testline.New(t, c.addr, 1)
	tn := c.newTown(storetest.Sitang, p.Addr())
	tn.start()
	tn.settled()
	p.Set(testline.Weather{Rate: 2 << 20})
	big, small := photo(t, 1, 800), photo(t, 2, 40)
	id, attached := tn.postWith(big, small)
	tn.confirmed()
	d, err := c.store.Item(t.Context(), id)
	if err != nil || len(d.Item.Attachments) != 2 {
		t.Fatalf("item %+v, %v", d.Item, err)
	}
	if d.Arrived[attached[0].SHA256] || tn.filesDone() {
		t.Error("two megabytes were faster than four lines of text")
	}
	for range 3 {
		p.Cut()
		c.stop()
		c.start()
	}
	p.Set(testline.Weather{})
	c.await("the files arrive", tn.filesDone)
	for i, want := range [][]byte{big, small} {
		f, size, err := c.files.Get(attached[i].SHA256)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, size)
		if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
			t.Errorf("file %d is not what was sent: %v", i, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if d, err = c.store.Item(t.Context(), id); err != nil || !d.Arrived[attached[0].SHA256] || !d.Arrived[attached[1].SHA256] {
		t.Errorf("arrived %v, %v", d.Arrived, err)
	}
}

// The same photo of two towns is sent by both and stored once.
func TestSamePhotoOfTwoTowns(t *testing.T) {
	c := newCounty(t)
	data := photo(t, 3, 200)
	var sha string
	for _, unit := range []string{storetest.Sitang, storetest.Tangtou} {
		tn := c.newTown(unit, c.addr)
		tn.start()
		tn.settled()
		_, attached := tn.postWith(data)
		sha = attached[0].SHA256
		c.await("the file arrives", tn.filesDone)
		f, err := c.store.FileOf(t.Context(), tn.id.Node, sha)
		if err != nil || !f.Done {
			t.Errorf("%s: %+v, %v", unit, f, err)
		}
	}
	if !c.files.Has(sha) {
		t.Error("the file is not there")
	}
}
