package robots

import (
	"strings"
	"testing"
	"time"
)

func TestAllowed(t *testing.T) {
	const me = "ZhanqunCheck/1.0"
	for _, tt := range []struct {
		name, file string
		yes, no    string // paths, separated by blanks
	}{
		{"empty", "", "/ /a", ""},
		{"no group", "Disallow: /", "/a", ""},
		{"everybody", "User-agent: *\nDisallow: /a", "/ /b /A", "/a /abc /a/b /a?x"},
		{"nobody", "User-agent: *\nDisallow: /", "/robots.txt", "/ /a /robots.txt.bak"},
		{"all allowed", "User-agent: *\nDisallow:", "/ /a", ""},
		{"another", "User-agent: other\nDisallow: /", "/a", ""},
		{"me before everybody", "User-agent: *\nDisallow: /\n\nUser-agent: zhanquncheck\nDisallow: /x", "/a", "/x"},
		{"me with version", "User-agent: ZhanqunCheck/2.0\nDisallow: /x", "/a", "/x"},
		{"longer name is not me", "User-agent: ZhanqunChecker\nDisallow: /", "/a", ""},
		{"part of my name is not me", "User-agent: Zhanqun\nDisallow: /", "/a", ""},
		{"many names", "User-agent: a\nUser-agent: zhanquncheck\nUser-agent: b\nDisallow: /x", "/a", "/x"},
		{"groups for me count together", "User-agent: zhanquncheck\nDisallow: /x\nUser-agent: b\nDisallow: /z\nUser-agent: ZHANQUNCHECK\nDisallow: /y", "/z", "/x /y"},
		{"groups for everybody count together", "User-agent: *\nDisallow: /x\n\nUser-agent: b\nDisallow: /\n\nUser-agent: *\nDisallow: /y", "/z", "/x /y"},
		{"sitemap splits nothing", "User-agent: zhanquncheck\nSitemap: http://a/s.xml\nUser-agent: b\nDisallow: /x", "/a", "/x"},
		{"sitemap ends nothing", "User-agent: *\nDisallow: /x\nSitemap: /s.xml\nDisallow: /y", "/a", "/x /y"},
		{"blank line ends nothing", "User-agent: *\n\nDisallow: /x\n\nDisallow: /y", "/a", "/x /y"},
		{"longest match", "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c", "/a/b /a/bx", "/a /a/x /a/b/c"},
		{"order does not matter", "User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/b", "/a"},
		{"equal lengths", "User-agent: *\nDisallow: /a\nAllow: /a", "/a", ""},
		{"equal lengths, wildcard", "User-agent: *\nDisallow: /*a\nAllow: /ba", "/ba", "/ca"},
		{"wildcard beats shorter", "User-agent: *\nAllow: /p\nDisallow: /*.php", "/p /p.htm", "/p.php /q/p.php5"},
		{"end mark", "User-agent: *\nDisallow: /*.php$", "/a.php5 /a.php?x /", "/a.php /x/a.php"},
		{"end mark alone", "User-agent: *\nDisallow: /a$\nAllow: /$", "/ /ab", "/a"},
		{"end mark in the middle is plain", "User-agent: *\nDisallow: /a$b", "/a", "/a$b /a%24bc"},
		{"many wildcards", "User-agent: *\nDisallow: /a**b***c", "/ab /acb", "/abc /axbyc /aabbcc"},
		{"wildcard first", "User-agent: *\nDisallow: *.zip", "/a", "/a.zip"},
		{"last part is the last", "User-agent: *\nDisallow: /*a*b$", "/ba /ab/", "/ab /aabab"},
		{"escaped wildcard is plain", "User-agent: *\nDisallow: /a%2Ab", "/axb", "/a*b /a%2ab"},
		{"escapes of letters", "User-agent: *\nDisallow: /foo/%62%61%7A", "/foo/ba", "/foo/baz /foo/%62az"},
		{"Chinese in the rule", "User-agent: *\nDisallow: /政务/", "/a", "/%E6%94%BF%E5%8A%A1/x /%e6%94%bf%e5%8a%a1/x /政务/x"},
		{"Chinese escaped in the rule", "User-agent: *\nDisallow: /%e6%94%bf%E5%8A%A1", "/a", "/政务 /%E6%94%BF%E5%8A%A1"},
		{"GBK in the rule", "User-agent: *\nDisallow: /\xd5\xfe", "/a", "/%D5%FE"},
		{"escaped slash differs", "User-agent: *\nDisallow: /a%2fb", "/a/b", "/a%2Fb"},
		{"address in a query", "User-agent: *\nDisallow: /foo/bar?baz=https://foo.bar", "/foo/bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar"},
		{"escaped separator in a query differs", "User-agent: *\nDisallow: /a?b%26c", "/a?b&c", "/a?b%26c"},
		{"UTF-16", "\xFF\xFEU\x00s\x00e\x00r\x00-\x00a\x00g\x00e\x00n\x00t\x00:\x00*\x00\n\x00D\x00i\x00s\x00a\x00l\x00l\x00o\x00w\x00:\x00/\x00x\x00", "/a", "/x"},
		{"byte order mark", "\xEF\xBB\xBFUser-agent: *\nDisallow: /x", "/a", "/x"},
		{"carriage returns", "User-agent: *\rDisallow: /x\r\rDisallow: /y\r\n", "/a", "/x /y"},
		{"comments and blanks", "# hello\n  USER-AGENT :  *  # all\n\tdisallow\t:\t/x # no\n", "/a", "/x"},
		{"rubbish", "<html>\nnot: a rule\nUser-agent *\nUser-agent: *\n\x00\xff: x\nDisallow: x\nDisallow: /y", "/x", "/y"},
		{"lone per cent sign", "User-agent: *\nDisallow: /100%\nDisallow: /%zz", "/a", "/100% /%zz"},
		{"other directives", "User-agent: *\nNoindex: /a\nHost: b\nClean-param: x\nDisallow: /y", "/a", "/y"},
		{"rules for nobody", "Allow: /\nDisallow: /\nUser-agent: *\nDisallow: /y", "/a", "/y"},

		// The examples of RFC 9309, 5.1 and 5.2.
		{"simple example", "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\nUser-Agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\nUser-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\nUser-Agent: quxbot\n",
			"/publications/a /a.gif?x", "/example/ /a.gif"},
		{"longest match example", "User-Agent: zhanquncheck\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n", "/example/page/allowed.gif", "/example/page/disallowed.gif"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules := Parse([]byte(tt.file), me)
			for path := range strings.FieldsSeq(tt.yes) {
				if !rules.Allowed(path) {
					t.Errorf("%s is forbidden", path)
				}
			}
			for path := range strings.FieldsSeq(tt.no) {
				if rules.Allowed(path) {
					t.Errorf("%s is allowed", path)
				}
			}
		})
	}
}

func TestOf(t *testing.T) {
	forbids := []byte("User-agent: *\nDisallow: /")
	for _, tt := range []struct {
		status         int
		allows, forNow bool
	}{
		{200, false, false}, {404, true, false}, {401, true, false}, {403, true, false}, {429, true, false},
		{304, true, false}, {500, false, true}, {503, false, true}, {0, false, true}, {999, true, false},
	} {
		rules, forNow := Of(tt.status, forbids, "x")
		if rules.Allowed("/a") != tt.allows || forNow != tt.forNow || !rules.Allowed("/robots.txt") {
			t.Errorf("%d: allowed %v, for now %v", tt.status, rules.Allowed("/a"), forNow)
		}
	}
}

func TestDelay(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"10": 10 * time.Second, "0.5": 500 * time.Millisecond, "1,25": 1250 * time.Millisecond, "2 # x": 2 * time.Second, "3s": 3 * time.Second,
		"0": 0, "": 0, "x": 0, "-1": 0, ".5": 500 * time.Millisecond, "NaN": 0, "99999999999999999999": MaxDelay,
	} {
		rules := Parse([]byte("User-agent: *\nCrawl-delay: "+text+"\nDisallow: /x"), "me")
		if rules.Delay != want || rules.Allowed("/x") {
			t.Errorf("%q: %s, want %s", text, rules.Delay, want)
		}
	}
	// A delay alone is a group of its own; it is nobody else's.
	if d := Parse([]byte("User-agent: slow\nCrawl-delay: 60\nUser-agent: *\nDisallow: /x"), "me").Delay; d != 0 {
		t.Errorf("another's delay: %s", d)
	}
}

func TestHugeFile(t *testing.T) {
	head := "User-agent: *\nDisallow: /first\n"
	rest := strings.Repeat("Disallow: /a*b*c*d*e*f*g*h*$\nDisallow: /abcdefgh\n", 40_000)
	rules := Parse([]byte(head+rest+"Disallow: /last\n"), "me")
	if rules.Allowed("/first") || !rules.Allowed("/last") {
		t.Error("what counts is not the first 500 KiB")
	}
	// A line that is cut in two is no rule.
	cut := strings.Repeat("#", MaxBytes-len("\nUser-agent: *\nDisallow: /"))
	if rules := Parse([]byte(cut+"\nUser-agent: *\nDisallow: /only-this"), "me"); !rules.Allowed("/x") {
		t.Error("half a line forbids everything")
	}
	// One rule and one path that are made to be tried in every combination.
	worst := Parse([]byte("User-agent: *\nDisallow: /"+strings.Repeat("*a", 100_000)+"b"), "me")
	if !worst.Allowed("/" + strings.Repeat("a", 200_000)) {
		t.Error("no b, no match")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("User-agent: *\nDisallow: /a*b$\nAllow: /%E6\nCrawl-delay: 1.5"), "/a%zz?x")
	f.Add([]byte("\xEF\xBB\xBFuser-agent:me\rdisallow:*\r\n"), "")
	f.Fuzz(func(t *testing.T, file []byte, path string) {
		rules := Parse(file, "me")
		rules.Allowed(path)
		if !rules.Allowed("/robots.txt") {
			t.Error("the file itself is forbidden")
		}
		if rules.Delay < 0 || rules.Delay > MaxDelay {
			t.Errorf("delay %s", rules.Delay)
		}
		once, _ := normal(path, false)
		if twice, _ := normal(once, false); twice != once {
			t.Errorf("%q is normal, and %q too", once, twice)
		}
	})
}
