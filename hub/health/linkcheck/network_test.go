package linkcheck

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func short(o *Options) { o.Timeout = 150 * time.Millisecond }

func TestBrokenAnswers(t *testing.T) {
	body := goodPage("可以")
	reset := func(conn net.Conn) {
		readRequest(conn)
		conn.(*net.TCPConn).SetLinger(0)
	}
	tests := []struct {
		name   string
		answer func(net.Conn)
		want   Verdict
		reason Reason
		kind   ErrorKind
	}{
		{"garbage", says("\x00\x01\x02 SSH-2.0-OpenSSH_9\r\n\r\n"), Dead, ReasonNetwork, KindProtocol},
		{"another protocol", says("220 mail.example ESMTP\r\n"), Dead, ReasonNetwork, KindProtocol},
		{"closed without a word", says(""), Dead, ReasonNetwork, KindReset},
		{"reset", reset, Dead, ReasonNetwork, KindReset},
		{"cut inside the header", says("HTTP/1.1 200 OK\r\nContent-Ty"), Dead, ReasonNetwork, KindReset},
		{"cut inside the page", says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n<html><title>半"), Suspect, ReasonDamaged, KindTruncated},
		{"whole page, wrong length", says("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 90000\r\n\r\n" + body), OK, "", ""},
		{"cut file", says("HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 90000\r\n\r\n%PDF-1.4 xx"), Suspect, ReasonDamaged, KindTruncated},
		{"chunks that end too early", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n"), Suspect, ReasonDamaged, KindTruncated},
		{"no length, closed", says("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + body), OK, "", ""},
		{"line feeds alone", says("HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + body), OK, "", ""},
		{"line without colon", says("HTTP/1.1 200 OK\r\nnonsense here\r\nContent-Type: text/html\r\n\r\n" + body), OK, "", ""},
		{"blank before colon", says("HTTP/1.1 200 OK\r\nContent-Type : text/html\r\n\r\n" + body), OK, "", ""},
		{"header in Chinese", says("HTTP/1.1 200 OK\r\n服务器: 某某\r\nContent-Type: text/html\r\n\r\n" + body), OK, "", ""},
		{"length that is no number", says("HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n" + body), OK, "", ""},
		{"two lengths", says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 8\r\n\r\n<b>hello</b>"), OK, "", ""},
		{"unknown transfer encoding", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, foo\r\n\r\n" + body), OK, "", ""},
		{"lower-case version", says("http/1.1 200 ok\r\nContent-Type: text/html\r\n\r\n" + body), OK, "", ""},
		{"ICY", says("ICY 200 OK\r\nContent-Type: text/html\r\n\r\n" + body), OK, "", ""},
		{"blank lines first", says("\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + body), OK, "", ""},
		{"no header at all", says("<html><head><title>旧</title></head><body>很旧的服务器</body></html>"), OK, "", ""},
		{"interim answers", says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX : y\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + body), OK, "", ""},
		{"answer before the question", func(conn net.Conn) {
			conn.Write([]byte("HTTP/1.1 200 OK\r\n\r\n" + body))
			readRequest(conn)
		}, OK, "", ""},
		{"more than was said", says("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n<b>hello</b>HTTP/1.1 500 No\r\n\r\n"), OK, "", ""},
		{"gone, sloppily", says("HTTP/1.1 404 Not Found\r\nbroken\r\n\r\n"), Dead, ReasonGone, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, newChecker(t).Check(t.Context(), rawServer(t, tt.answer)+"/a.html"), tt.want, tt.reason, tt.kind)
		})
	}
}

func TestConnectionLostOnce(t *testing.T) {
	var asked atomic.Int32
	site := rawServer(t, func(conn net.Conn) {
		if asked.Add(1) == 1 {
			return
		}
		says("HTTP/1.1 200 OK\r\n\r\n" + goodPage("又好了"))(conn)
	})
	r := newChecker(t).Check(t.Context(), site)
	expect(t, r, OK, "", "")
	if r.Tries != 2 {
		t.Errorf("%d tries", r.Tries)
	}
}

// Each of these never comes to an end by itself.
func TestEndless(t *testing.T) {
	forever := func(start, more string) func(net.Conn) {
		return func(conn net.Conn) {
			readRequest(conn)
			_, err := conn.Write([]byte(start))
			for err == nil {
				_, err = conn.Write([]byte(more))
			}
		}
	}
	hang := func(start string) func(net.Conn) {
		return func(conn net.Conn) {
			conn.Write([]byte(start))
			conn.Read(make([]byte, 1<<16))
			conn.Read(make([]byte, 1<<16))
		}
	}
	chunk := strings.Repeat("x", 8<<10)
	tests := []struct {
		name   string
		answer func(net.Conn)
		want   Verdict
		reason Reason
		kind   ErrorKind
		change func(*Options)
	}{
		{"page", forever("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>长</title>", "<p>"+chunk), OK, "", "", nil},
		{"file", forever("HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n", chunk), OK, "", "", nil},
		{"headers", forever("HTTP/1.1 200 OK\r\n", "X-Y: "+chunk+"\r\n"), Dead, ReasonNetwork, KindProtocol, nil},
		{"one header", forever("HTTP/1.1 200 OK\r\nX-Y: ", chunk), Dead, ReasonNetwork, KindProtocol, nil},
		{"interim answers", forever("", "HTTP/1.1 100 Continue\r\n\r\n"), Dead, ReasonNetwork, KindProtocol, nil},
		{"silence", hang(""), Inconclusive, ReasonTimeout, KindTimeout, short},
		{"slow header", hang("HTTP/1.1 200 OK\r\nX"), Inconclusive, ReasonTimeout, KindTimeout, short},
		{"slow page", hang("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>慢"), Inconclusive, ReasonTimeout, KindTimeout, short},
		{"slow file under way", hang("HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\n\r\nPK\x03\x04"), OK, "", "", short},
		{"file that never starts", hang("HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\n\r\n"), Inconclusive, ReasonTimeout, KindTimeout, short},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newChecker(t, func(o *Options) {
				o.MaxBytes, o.PeekBytes = 256<<10, 32<<10
				if tt.change != nil {
					tt.change(o)
				}
			})
			r := c.Check(t.Context(), rawServer(t, tt.answer)+"/a")
			expect(t, r, tt.want, tt.reason, tt.kind)
			if r.Bytes > 256<<10 {
				t.Errorf("read %d bytes", r.Bytes)
			}
		})
	}
}
