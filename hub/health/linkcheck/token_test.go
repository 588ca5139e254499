package linkcheck

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// ours writes down what our tokenizer makes of a page, theirs what that of
// package html does.
func ours(page string) string {
	var b strings.Builder
	t := tokens{src: []byte(page)}
	text := ""
	flush := func() {
		if text = tidy(text); text != "" {
			fmt.Fprintf(&b, "%q\n", text)
		}
		text = ""
	}
	for {
		inside := len(t.raw) > 0 && (string(t.raw) == "script" || string(t.raw) == "style" || string(t.raw) == "xmp" || string(t.raw) == "iframe" ||
			string(t.raw) == "noembed" || string(t.raw) == "noframes" || string(t.raw) == "noscript" || string(t.raw) == "plaintext")
		switch t.next() {
		case endOfPage:
			flush()
			return b.String()
		case startTag:
			flush()
			fmt.Fprintf(&b, "<%s", t.name)
			seen := map[string]bool{}
			for _, a := range t.attrs {
				if !seen[string(a.key)] {
					fmt.Fprintf(&b, " %s=%q", a.key, tidy(unescapedValue(a.value)))
				}
				seen[string(a.key)] = true
			}
			b.WriteString(">\n")
		case endTag:
			flush()
			fmt.Fprintf(&b, "</%s>\n", t.name)
		case someText:
			if inside {
				text += string(t.text)
			} else {
				text += string(unescaped(t.text))
			}
		}
	}
}

func theirs(page string) string {
	var b strings.Builder
	z := html.NewTokenizer(bytes.NewReader([]byte(page)))
	text := ""
	flush := func() {
		if text = tidy(text); text != "" {
			fmt.Fprintf(&b, "%q\n", text)
		}
		text = ""
	}
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			flush()
			return b.String()
		case html.TextToken:
			text += string(z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			flush()
			token := z.Token()
			fmt.Fprintf(&b, "<%s", token.Data)
			for _, a := range token.Attr {
				fmt.Fprintf(&b, " %s=%q", a.Key, tidy(a.Val))
			}
			b.WriteString(">\n")
		case html.EndTagToken:
			flush()
			fmt.Fprintf(&b, "</%s>\n", z.Token().Data)
		}
	}
}

// tidy makes line ends alike, which mean nothing here.
func tidy(s string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
}

var tokenPages = []string{
	"plain", "a < b & c &amp; d &copy e", "<p>x</p>", "<A HREF='X' class=y>z</A>", "<a href=x/y>", "<a href=\"&copy=1&amp;b&lt;c&#38;d&#x26e&notit;&ampfoo;&eacute\">",
	"<br/><img src=a alt/>", "<a =x b = c d= >", "<!-- <a> --><b>", "<!--><b>", "<!---><b>", "<!-- x --!><b>", "<!-- a -- b --><i>", "<!doctype html><p>", "<?php a>b?>", "</>x</ y>z</3>",
	"<script>a<b</script>c", "<script><!-- <script></script> --></script>x", "<script><!-- </script>x", "<script>'<a href=x>'</SCRIPT >y", "<style>a{b:url(<x>)}</style>",
	"<title>a<b>&amp;</title>", "<textarea><a></textarea>x", "<noscript><a></noscript>x", "<iframe><a></iframe>x", "<xmp><a>&amp;</xmp>x", "<plaintext><a></plaintext>",
	"<a href='unclosed", "<a", "<", "</", "<!", "x<", "<a b='1' b='2'>", "<p\nid\n=\n'x'\n>", "<script>", "<script></scriptx></script>", "<a href=`x y`>", "<div/id=x>",
}

func TestTokens(t *testing.T) {
	for _, page := range tokenPages {
		if got, want := ours(page), theirs(page); got != want {
			t.Errorf("%q:\ngot\n%swant\n%s", page, got, want)
		}
	}
}

func FuzzTokens(f *testing.F) {
	for _, page := range tokenPages {
		f.Add(page)
	}
	f.Fuzz(func(t *testing.T, page string) {
		// Zero bytes are replaced there, and mean nothing here.
		page = strings.ReplaceAll(page, "\x00", "")
		if got, want := ours(page), theirs(page); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}
