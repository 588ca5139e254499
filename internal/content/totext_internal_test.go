package content

import (
	"strings"
	"testing"
)

// The quick way through tags gives what the tokenizer gives.
func FuzzToText(f *testing.F) {
	for _, s := range []string{
		"", "<", "</", "<p", "<p>", "a<b", "<p>a</p>b", "<p class=\"a>b\" id=\"\">c", "<p class=\"a\"id=\"b\">c", "<p class=a>b", "<P>a</P>b",
		"<br/>a<br />b<br / >c", "<td>a</td><td >b</td><th>c", "<p>1 &lt; 2 &amp;&#49;&#x3c;b</p>", "a\r\nb\tc\fd<p>\x00e</p>", "<p\n>a<p\t>b",
		"<x-y>a</x-y>b<p/>c<h1>d</h1>e", "<title>a<p>b</title>c", "<xmp><p>a</xmp>b<p>c", "<script>a</script>b", "</script>a", "<plaintext>a<p>b",
		"<!-- <p> -->a<!doctype html>b<?php p?>c", "<img src=\"att:0\" alt=\"'\">a<a href=\"x\" title='\"'>b</a>", "<p x=\"&quot;>\">a", "<p =\"a\">b",
		"<p a=\"b\" / c=\"d\">e", "<p a=\"b", "&", "&l<t;", "&am<b>p;</b>", "<select><option>a<option>b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want textWriter
		want.tokens(s)
		if got := ToText(s); got != want.b.String() {
			t.Errorf("ToText(%q) = %q, want %q", s, got, want.b.String())
		}
	})
}

func BenchmarkToText(b *testing.B) {
	text := strings.Repeat("<p>会议要求，各村要抓好安全生产责任落实，做到隐患早发现早处置。</p><p class=\"center\"><b>塘头镇</b></p>", 30)
	for name, f := range map[string]func(string){
		"ours":      func(s string) { ToText(s) },
		"tokenizer": func(s string) { new(textWriter).tokens(s) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				f(text)
			}
		})
	}
}
