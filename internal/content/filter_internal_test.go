package content

import (
	"strings"
	"testing"
)

// FuzzFilter holds that the way through parser, builder and policy ends inside
// the grammar by itself, that no words are lost by the last resort.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{
		`<b><p>a<table><tr><td><a href=http://x.cn>x<a href=http://y.cn>y</table>`,
		`<ul><p><li><table><li>x<caption><h2><figure><figcaption><p><blockquote>a<hr>b`,
		`<a href="http://x.cn/?a=&quot;&amp;b={|}\^"><table><tr><td colspan=3><a href="mailto:a@b">z<img src=att:x>`,
		`<svg><p><style><!--</style><img title="--&gt;&lt;img src=1 onerror=x&gt;"><foreignobject><p>x`,
		`<select><template><p><noscript><p title="</noscript><img src=x onerror=x>">`,
		"<plaintext><p>\x00<xmp></p>\u00a0<sub><sup><sub>x", "<pre>\n\n a\tb</pre><frameset>", "<i><u><s><em>a</i></p>\u2028<hr/>",
		strings.Repeat("<blockquote><table><tr><td><ul><li>", 20) + "x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out, err := filter(s)
		if err != nil {
			return
		}
		if !isClean(out) {
			t.Fatalf("%q becomes %q, which is not clean", s, out)
		}
		if again, err := filter(out); err != nil || again != out {
			t.Fatalf("%q becomes %q, then %q, %v", s, out, again, err)
		}
	})
}
