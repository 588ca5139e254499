package linkcheck

import (
	"bytes"
	"io"
	"net"
	"regexp"
	"strings"
)

// tolerant is a connection on which one HTTP/1 answer arrives. It repairs the
// answer's header where browsers are more patient than net/http: broken header
// lines are dropped, odd status lines completed, contradictory lengths
// resolved. The body passes untouched.
type tolerant struct {
	net.Conn
	head []byte // header bytes still to be handed on
	done bool   // the header has been read
}

func newTolerant(conn net.Conn) net.Conn { return &tolerant{Conn: conn} }

// Read hands on the repaired header, then whatever follows.
func (t *tolerant) Read(p []byte) (int, error) {
	if !t.done {
		if err := t.readHead(); err != nil {
			return 0, err
		}
	}
	if len(t.head) > 0 {
		n := copy(p, t.head)
		t.head = t.head[n:]
		return n, nil
	}
	return t.Conn.Read(p)
}

// readHead reads up to the end of the final header; interim answers (1xx) have
// headers of their own before it.
func (t *tolerant) readHead() error {
	var raw, out []byte
	buf := make([]byte, 4096)
	seen := 0 // bytes of raw already searched
	for !t.done {
		end := headEnd(raw, seen)
		seen = max(len(raw)-3, 0)
		switch {
		case end > 0:
			fixed, interim := repair(raw[:end])
			out, raw, seen = append(out, fixed...), raw[end:], 0
			t.done = !interim
			continue
		case len(raw)+len(out) > maxHeader:
			t.done = true
			continue
		}
		n, err := t.Conn.Read(buf)
		raw = append(raw, buf[:n]...)
		if err != nil {
			if len(raw) == 0 {
				return err
			}
			if first, _, _ := bytes.Cut(raw, []byte("\n")); statusLine.Match(bytes.TrimRight(first, "\r ")) {
				return io.ErrUnexpectedEOF
			}
			t.done = true // no HTTP: let net/http say so
		}
		if markup.Match(raw[:min(len(raw), 256)]) {
			// An answer without any header, as in HTTP/0.9.
			out, t.done = append(out, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n"...), true
		}
	}
	out = append(out, raw...)
	t.head = out
	return nil
}

var (
	markup     = regexp.MustCompile(`(?i)^\s*<(?:!doctype html|html|head|body)[\s>]`)
	statusLine = regexp.MustCompile(`(?i)^[^\sa-z]{0,4}(?:HTTP|ICY)/?\s*[\d.]*\s+(\d{3})(?:\s+(.*))?$`)
	fieldName  = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	digits     = regexp.MustCompile(`^\d{1,18}`)
)

// headEnd returns the length of the header at the start of raw with the blank
// line that ends it, 0 if that has not come yet. What stands before from has
// been searched.
func headEnd(raw []byte, from int) int {
	if from == 0 {
		from = len(raw) - len(bytes.TrimLeft(raw, "\r\n")) // blank lines before the answer
	}
	for i := from; i < len(raw); i++ {
		if raw[i] != '\n' {
			continue
		}
		rest := raw[i+1:]
		if bytes.HasPrefix(rest, []byte("\n")) {
			return i + 2
		}
		if bytes.HasPrefix(rest, []byte("\r\n")) {
			return i + 3
		}
	}
	return 0
}

// repair rewrites one header; interim tells that another follows. What is no
// HTTP at all is returned as it came, to be refused by net/http.
func repair(raw []byte) (fixed []byte, interim bool) {
	lines := strings.Split(strings.Trim(string(raw), "\r\n"), "\n")
	m := statusLine.FindStringSubmatch(strings.TrimRight(lines[0], "\r "))
	if m == nil {
		return raw, false
	}
	var names, values []string
	for _, line := range lines[1:] {
		line = strings.TrimRight(line, "\r")
		if len(names) > 0 && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")) {
			values[len(values)-1] += " " + strings.TrimSpace(line)
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); ok && fieldName.MatchString(name) {
			names, values = append(names, name), append(values, strings.TrimSpace(value))
		}
	}
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + m[1] + " " + plain(m[2]) + "\r\n")
	writeFields(&b, names, values)
	b.WriteString("\r\n")
	return b.Bytes(), m[1][0] == '1' && m[1] != "101"
}

// writeFields writes the fields with one sound statement of the body's length.
func writeFields(b *bytes.Buffer, names, values []string) {
	chunked, length := false, ""
	for i, name := range names {
		switch strings.ToLower(name) {
		case "transfer-encoding":
			chunked = chunked || strings.Contains(strings.ToLower(values[i]), "chunked")
		case "content-length":
			if length == "" {
				length = digits.FindString(values[i])
			}
		case "connection", "keep-alive", "trailer":
		default:
			b.WriteString(name + ": " + plain(values[i]) + "\r\n")
		}
	}
	switch {
	case chunked:
		b.WriteString("Transfer-Encoding: chunked\r\n")
	case length != "":
		b.WriteString("Content-Length: " + length + "\r\n")
	}
	b.WriteString("Connection: close\r\n")
}

// plain makes control characters blanks.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
