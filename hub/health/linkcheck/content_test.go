package linkcheck

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func TestContent(t *testing.T) {
	nav := strings.Repeat("<li><a href=/x>政务公开 办事服务 互动交流 走进思南 专题专栏</a>", 40)
	long := strings.Repeat("<p>县政务服务中心介绍，近期对全县网站开展了集中排查，发现的问题均已整改到位。</p>", 30)
	tests := []struct {
		name, path, body string
		want             Verdict
		reason           Reason
	}{
		// "Not found" under status 200.
		{"title 404", "/a.html", "<title>404</title><body>", Suspect, ReasonSoft404},
		{"title and site", "/a.html", "<title>页面不存在 - 思南县人民政府</title><ul>" + nav + "</ul>", Suspect, ReasonSoft404},
		{"nginx text", "/a.html", "<html><head><title>404 Not Found</title></head><center><h1>404 Not Found</h1></center><hr>nginx", Suspect, ReasonSoft404},
		{"heading", "/a.html", "<title>思南县人民政府</title>" + nav + "<h2>抱歉，您访问的页面不存在！</h2>", Suspect, ReasonSoft404},
		{"line", "/a.html", "<title>思南县人民政府</title>" + nav + "<div>对不起，您要访问的页面不存在或已被删除，请检查网址是否正确。</div>", Suspect, ReasonSoft404},
		{"line in two boxes", "/a.html", "<title>提示</title><div>很抱歉！</div><div>您查看的信息已被删除</div><div>3秒后自动返回首页</div>", Suspect, ReasonSoft404},
		{"article gone", "/a.html", "<title>信息提示</title><p>该文章不存在或未审核</p>", Suspect, ReasonSoft404},
		{"couldn't find", "/a.html", "<title>Page Not Found | County</title><p>Sorry, we couldn't find that page.</p>", Suspect, ReasonSoft404},
		{"english line", "/a.html", "<title>County</title><p>The page you are looking for does not exist.</p>", Suspect, ReasonSoft404},
		{"apache text", "/a.html", "<title>Oops</title><p>The requested URL was not found on this server.</p>", Suspect, ReasonSoft404},
		{"full-width digits", "/a.html", "<title>４０４错误</title>", Suspect, ReasonSoft404},
		{"script box", "/a.html", "<script>alert('该信息不存在！');history.go(-1);</script>", Suspect, ReasonSoft404},
		{"blank script box", "/a.html", "<script>alert('欢迎');location.href='/x.html'</script>", OK, ""},

		// News that merely mentions such words, and pages that look short.
		{"news in title", "/a.html", "<title>我县集中整治网站“页面不存在”问题 - 思南县人民政府</title><h1>我县集中整治网站“页面不存在”问题</h1><p>发布时间：2026-11-03</p><p>日前完成。</p>", OK, ""},
		{"news question", "/a.html", "<title>网页不存在？记者调查政府网站死链</title><h1>网页不存在？记者调查政府网站死链</h1><p>有群众反映打不开。</p>", OK, ""},
		{"news quotes", "/a.html", "<title>网站故障已修复</title><p>昨日有网友发现，打开链接后提示“您访问的页面不存在”，经查系服务器故障。</p>", OK, ""},
		{"news of 404", "/a.html", "<title>乡镇网站频现404 群众办事难</title><h1>乡镇网站频现404 群众办事难</h1><p>近日…</p>", OK, ""},
		{"long article about it", "/a.html", "<title>HTTP 404 - 百科</title><h1>HTTP 404</h1>" + long, OK, ""},
		{"lost and found", "/a.html", "<title>寻物启事</title><p>本人在广场丢失钱包，至今没有找到，望拾到者联系。</p>", OK, ""},
		{"changelog", "/a.html", "<title>Changes</title><p>The obsolete section has been removed.</p><p>File handling was improved.</p>", OK, ""},
		{"short notice", "/a.html", "<title>停水通知</title><p>明日停水。</p>", OK, ""},
		{"road works", "/a.html", "<title>关于县道养护的公告</title><h1>公告</h1><p>道路正在维护，请绕行。</p>", OK, ""},
		{"system upgrade news", "/a.html", "<title>社保系统升级公告</title><h1>关于社保系统升级的公告</h1><p>因系统升级，11月5日暂停办理业务，敬请谅解。联系电话见下。</p>", OK, ""},
		{"wall under an article's address", "/art/2026/t20261101_33.html", "<title>统一身份认证</title><form><input type=password></form>", Inconclusive, ReasonLogin},
		{"sends back", "/a.html", "<script>history.go(-1)</script>", Suspect, ReasonEmpty},
		{"form with a large field alone", "/a.html", "<title>页面纠错</title><form><textarea></textarea></form>", OK, ""},
		{"office to sign in at", "/oa/", "<title>协同办公登录</title><form><input type=password></form>", OK, ""},
		{"login page asked for", "/login.html", "<title>用户登录</title><form><input type=password></form>", OK, ""},
		{"pictures alone", "/a.html", "<img src=a.jpg>", OK, ""},
		{"script alone", "/a.html", "<div id=app></div><script src=/app.js></script>", OK, ""},
		{"frames", "/a.html", "<frameset><frame src=a.html></frameset>", OK, ""},
		{"home says so", "/", "<title>404 Not Found</title><p>思南", OK, ""},
		{"home index says so", "/index.html", "<title>页面不存在</title><p>思南", OK, ""},

		// Other things said in place of content.
		{"nothing but markup", "/a.html", "<html><head><title></title></head><body> &nbsp; </body></html>", Suspect, ReasonEmpty},
		{"only blanks", "/a.html", "  \r\n\t ", Suspect, ReasonEmpty},
		{"php dump", "/a.php", "<br />\n<b>Fatal error</b>:  Uncaught Error in /www/a.php on line <b>3</b><br />", Suspect, ReasonErrorPage},
		{"asp dump", "/a.asp", "<font>Microsoft OLE DB Provider for ODBC Drivers</font> 错误 '80004005'", Suspect, ReasonErrorPage},
		{"java dump", "/a.jsp", "<pre>java.lang.NullPointerException\n\tat com.x.Y(Y.java:1)</pre>", Suspect, ReasonErrorPage},
		{"tomcat", "/a.jsp", "<title>HTTP Status 500 – Internal Server Error</title><h1>HTTP Status 500 – Internal Server Error</h1>", Suspect, ReasonErrorPage},
		{"asp.net", "/a.aspx", "<title>Runtime Error</title><h1>Server Error in '/' Application.</h1>", Suspect, ReasonErrorPage},
		{"article on errors", "/a.html", "<title>常见错误</title><p>编程学习</p><p>java.lang.NullPointerException 是常见错误。</p>", OK, ""},
		{"maintenance", "/", "<title>网站维护中</title><p>给您带来不便，敬请谅解。</p>", Suspect, ReasonMaintenance},
		{"maintenance line", "/", "<title>思南</title><p>系统正在升级维护中，请稍后访问。</p>", Suspect, ReasonMaintenance},
		{"welcome page", "/", "<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1><p>If you see this page…", Suspect, ReasonPlaceholder},
		{"no such site", "/", "<title>没有找到站点</title><p>您的请求在Web服务器中没有找到对应的站点！", Suspect, ReasonPlaceholder},
		{"for sale", "/", "<title>sinan-old.com is for sale</title><p>Buy this domain", Suspect, ReasonParked},
		{"expired", "/", "<title>该域名已过期</title><p>请续费", Suspect, ReasonParked},

		// Walls.
		{"cloudflare", "/a.html", "<title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x.js></script>", Inconclusive, ReasonBotWall},
		{"script challenge", "/a.html", "<html><script>var arg1='A';document.cookie='acw_sc__v2='+x;location.reload()</script></html>", Inconclusive, ReasonBotWall},
		{"national firewall product", "/a.html", "<title>网站防火墙</title><p>您的请求带有不合法参数，已被网站管理员设置拦截！</p>", Inconclusive, ReasonBotWall},
		{"captcha page", "/a.html", "<title>安全验证</title><div>请完成安全验证</div>", Inconclusive, ReasonBotWall},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := serve(t, func(w http.ResponseWriter, _ *http.Request) { writeHTML(w, 200, tt.body) })
			expect(t, newChecker(t).Check(t.Context(), site+tt.path), tt.want, tt.reason, "")
		})
	}
}

func TestOldEncodings(t *testing.T) {
	gone := encode(t, simplifiedchinese.GBK, "<html><head><meta http-equiv=Content-Type content='text/html; charset=gb2312'><title>您访问的页面不存在</title></head></html>")
	site := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write(gone)
	})
	r := newChecker(t).Check(t.Context(), site+"/a.html")
	expect(t, r, Suspect, ReasonSoft404, "")
	if r.Title != "您访问的页面不存在" || r.Class != ClassSoft {
		t.Errorf("title %q, class %q", r.Title, r.Class)
	}
}

func TestLoginWall(t *testing.T) {
	site := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/sso/login" {
			http.Redirect(w, r, "/sso/login?service=x", http.StatusFound)
			return
		}
		writeHTML(w, 200, "<title>统一身份认证</title><input type=password>")
	})
	expect(t, newChecker(t).Check(t.Context(), site+"/mail/inbox.html"), Inconclusive, ReasonLogin, "")
}

// Sites that answer anything with one page.
func TestCatchAll(t *testing.T) {
	var probed atomic.Int32
	site := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/zq") {
			probed.Add(1)
		}
		switch {
		case strings.HasPrefix(r.URL.Path, "/all/"):
			writeHTML(w, 200, goodPage("欢迎光临"))
		case strings.HasPrefix(r.URL.Path, "/app/"):
			writeHTML(w, 200, `<div id="app">`+strings.Repeat("载入中请稍候", 30)+"</div><script src=x></script>")
		case strings.HasPrefix(r.URL.Path, "/real/") && strings.Contains(r.URL.Path, "/zq"):
			w.WriteHeader(http.StatusNotFound)
		case strings.HasPrefix(r.URL.Path, "/titled/"):
			writeHTML(w, 200, goodPage("栏目"+r.URL.Path))
		case strings.HasPrefix(r.URL.Path, "/named/"):
			writeHTML(w, 200, goodPage("栏目"+strings.Repeat("甲", len(r.URL.Path))))
		default:
			writeHTML(w, 200, goodPage("正文"))
		}
	})
	c := newChecker(t, func(o *Options) { o.Probe = true })
	expect(t, c.Check(t.Context(), site+"/all/a.html"), Suspect, ReasonCatchAll, "")
	expect(t, c.Check(t.Context(), site+"/all/b.html"), Suspect, ReasonCatchAll, "")
	expect(t, c.Check(t.Context(), site+"/app/a.html"), OK, "", "")
	expect(t, c.Check(t.Context(), site+"/real/a.html"), OK, "", "")
	expect(t, c.Check(t.Context(), site+"/titled/a.html"), Suspect, ReasonCatchAll, "") // it only repeats its address
	expect(t, c.Check(t.Context(), site+"/named/a.html"), OK, "", "")
	expect(t, c.Check(t.Context(), site+"/"), OK, "", "")
	if n := probed.Load(); n != 5 {
		t.Errorf("probed %d times, want once a folder, and once more where the answer was another page", n)
	}
}

func FuzzFacts(f *testing.F) {
	f.Add("<title>404</title><p>页面不存在")
	f.Add("<script>alert('x')</script><svg><title>a</title></svg>")
	f.Add("<meta http-equiv=refresh content='0;url=a'><a><a></b><h1>")
	f.Fuzz(func(t *testing.T, body string) {
		facts := factsOf("text/html", []byte(body))
		facts.notice(false)
		facts.good()
		if len(facts.blocks) > maxBlocks || len([]rune(facts.title)) > maxTitle || facts.prose > facts.text {
			t.Errorf("facts out of bounds: %+v", facts)
		}
	})
}
