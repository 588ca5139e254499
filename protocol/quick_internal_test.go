package protocol

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

func quickSamples() []*Submit {
	at := time.Date(2026, 11, 3, 8, 30, 0, 123456789, time.FixedZone("", 8*3600))
	return []*Submit{
		{Item: "0190b6a0-0000-7000-8000-000000000001", Revision: 1, Unit: "520624103", Column: "township", Title: "塘头镇召开会议", Body: "<p>正文</p>",
			Author: "张三", Source: "党政办", CreatedAt: at},
		{Item: "x", Revision: 12, Unit: "u", Origin: "o", Column: "c", Title: "“t” \"q\" \\ /", Body: "<p class=\"a\">1 &lt; 2</p>\n\t\r\b\f", Author: "a", Source: "s",
			Reviewer: "r", Note: "n\nm", Override: "o", CreatedAt: at.UTC(), EndorsedBy: "e",
			Attachments: []Attachment{{SHA256: "ab", Name: "n.jpg", Size: 7, Type: "image/jpeg", Alt: "\"]}"}, {}}},
		{},
		{Title: "\u2028\x01"},
	}
}

// What is read quickly is what the general decoder reads.
func FuzzQuick(f *testing.F) {
	for _, m := range quickSamples() {
		body, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
		f.Add(append(body, ' '))
		f.Add(append(body[:len(body)-1], ",\"x\":1}"...))
		f.Add(append(body, body...))
	}
	for _, s := range []string{``, `{}`, `null`, `{"item":"a","revision":01`, `{"item":"a\`, `{"item":"\x"`, `{"item":null,"revision":1`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var quick, general Submit
		if !quick.quick(body) {
			return
		}
		if err := json.Unmarshal(body, &general); err != nil {
			t.Fatalf("read %q, which the general decoder refuses: %v", body, err)
		}
		if !reflect.DeepEqual(quick, general) {
			t.Errorf("read %q as %+v, the general decoder as %+v", body, quick, general)
		}
	})
}

// What WriteBody writes is read quickly, or nothing is gained.
func TestQuickReadsWhatIsWritten(t *testing.T) {
	m := quickSamples()[0]
	body, err := WriteBody(m)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var got Submit
		if !got.quick(body) || !got.CreatedAt.Equal(m.CreatedAt) || got.Body != m.Body {
			t.Errorf("%s was read as %+v", body, got)
		}
		m.Origin, m.Reviewer, m.Note, m.Override, m.EndorsedBy = "520624103201", "李四", "请\n看", "公示", "王五"
		m.Body = `<p><img src="att:x" alt="图"></p>`
		if body, err = WriteBody(m); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkQuick(b *testing.B) {
	m := quickSamples()[0]
	for len(m.Body) < 4096 {
		m.Body += `<p class="center">会议要求，各村要抓好安全生产责任落实，做到隐患早发现早处置。</p>`
	}
	body, err := WriteBody(m)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("quick", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if !new(Submit).quick(body) {
				b.Fatal("not read")
			}
		}
	})
	b.Run("general", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if err := json.Unmarshal(body, new(Submit)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
