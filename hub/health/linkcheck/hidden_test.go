package linkcheck

import "testing"

func TestHidden(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"plain":                     {`<a href=/x>x</a>`, ""},
		"after what is hidden":      {`<div style="display:none"><p>x</div><a href=/x>x</a>`, ""},
		"after nested boxes":        {`<div style="display:none"><div><div>y</div></div></div><a href=/x>x</a>`, ""},
		"in nested boxes":           {`<div style="display:none"><div></div><div><a href=/x>x</a></div></div>`, "none"},
		"by attribute":              {`<section hidden><a href=/x>x</a></section>`, "none"},
		"invisible":                 {`<a style="opacity: 0" href=/x>x</a>`, "invisible"},
		"visibility":                {`<ul style="VISIBILITY:hidden !important"><li><a href=/x>x</a></ul>`, "invisible"},
		"a row that needs no end":   {`<ul><li style="display:none">a<li><a href=/x>x</a></ul>`, ""},
		"a paragraph without end":   {`<p style="display:none">a<div><a href=/x>x</a></div>`, ""},
		"off the page":              {`<div style="position:absolute; left:-9999px"><a href=/x>x</a></div>`, "offscreen"},
		"off the page, by em":       {`<div style="position:fixed;top:-100em"><a href=/x>x</a></div>`, "offscreen"},
		"by margin":                 {`<div style="margin-left:-5000px"><a href=/x>x</a></div>`, "offscreen"},
		"a drawer beside the page":  {`<div style="position:fixed;left:-280px"><a href=/x>x</a></div>`, ""},
		"letters without size":      {`<a style="font-size:0px" href=/x>x</a>`, "tiny"},
		"boxes without gaps":        {`<ul style="font-size:0"><li><a href=/x>x</a></ul>`, ""},
		"colour of the page":        {`<a style="color:#fff;background:#FFFFFF" href=/x>x</a>`, "color"},
		"white on red":              {`<a style="color:#fff;background:red" href=/x>x</a>`, ""},
		"picture for letters":       {`<a style="text-indent:-9999px" href=/x>x</a>`, "clipped"},
		"for readers for the blind": {`<span style="position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0,0,0,0)"><a href=/x>x</a></span>`, "clipped"},
		"running by":                {`<marquee height=1 width=5 scrollamount=3000><a href=/x>x</a></marquee>`, "marquee"},
		"news that runs":            {`<marquee height=30 scrollamount=3><a href=/x>x</a></marquee>`, ""},
		"by class":                  {`<style>body{margin:0} .gone, h1.x {display:none}</style><div class="a gone"><a href=/x>x</a></div>`, "style"},
		"by id, off the page":       {`<style>/* c */#far{position:absolute;left:-2000px}</style><div id=far><a href=/x>x</a></div>`, "style"},
		"on small screens only":     {`<style>@media (max-width:600px){.nav{display:none}} .b{color:red}</style><div class=nav><a href=/x>x</a></div>`, ""},
		"below another":             {`<style>.menu ul{display:none}</style><div class=menu><ul><li><a href=/x>x</a></ul></div>`, ""},
		"written by a script":       {`<script>document.write('<div style="position:absolute;left:-3000px">');</script><a href=/x>x</a><script>document.write('</div>')</script>`, "written"},
		"after what was written":    {`<script>document.write("<div style='display:none'>");</script>y<script>document.write("<\/div>")</script><a href=/x>x</a>`, ""},
		"a script that shows":       {`<script>document.write('<div style="color:red">');</script><a href=/x>x</a>`, ""},
		"frame without room":        {`<iframe src=/x width=0 height="0"></iframe>`, "clipped"},
		"frame":                     {`<iframe src=/x width=600 height=400></iframe>`, ""},
		"frame that is not shown":   {`<iframe src=/x style="display:none"></iframe>`, "none"},
		"the stronger counts":       {`<div style="display:none"><div style="position:absolute;top:-9999px"><a href=/x>x</a></div></div>`, "offscreen"},
		"broken markup":             {`<div style="display:none"></p></span></div><a href=/x>x</a>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			links := Links("http://a.cn/", "text/html", []byte(tt.body))
			if len(links) != 1 {
				t.Fatalf("%d links", len(links))
			}
			if got := links[0].Hidden; got != tt.want {
				t.Errorf("hidden %q, want %q", got, tt.want)
			}
		})
	}
}
