package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/hotp"

	"zhanqun/internal/account"
	"zhanqun/internal/content"
	"zhanqun/internal/fault"
	"zhanqun/internal/ui/uitest"
	"zhanqun/internal/web"
	"zhanqun/node/queue"
)

func TestForgedFormIsRefused(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	id := b.hand("不能被伪造")
	for name, header := range map[string][]string{
		"no token":      {},
		"foreign site":  {"Sec-Fetch-Site", "cross-site"},
		"other origin":  {"Origin", "http://evil.example"},
		"guessed token": {},
	} {
		v := url.Values{"reason": {"坏人写的"}}
		if name == "guessed token" {
			v.Set(web.FormTokenField, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
		}
		b.do(http.MethodPost, "/items/"+id+"/withdraw", strings.NewReader(v.Encode()), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)...)
		if b.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, b.status)
		}
	}
	b.get("/items/new")
	form := b.filled(b.page, actSubmit, map[string]string{web.FormTokenField: "forged", "title": "伪造", "body": "伪造"}, nil)
	b.do(http.MethodPost, "/items/new", form, "Content-Type", "multipart/form-data; boundary="+boundary)
	if b.status != http.StatusForbidden || len(s.items()) != 1 {
		t.Errorf("a form with files: %d, items %+v", b.status, s.items())
	}
	if s.item(id).State != queue.Queued || s.item(id).Withdrawing {
		t.Error("withdrawn by a stranger")
	}
}

func TestForeignHostIsRefused(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Hosts = []string{"xujiaba.lan"} })
	b := s.as("wang")
	for host, want := range map[string]int{"evil.example": http.StatusForbidden, "xujiaba.lan:8081": http.StatusOK, "127.0.0.1:8081": http.StatusOK} {
		b.do(http.MethodGet, "/items", nil, "Host", host)
		if b.status != want {
			t.Errorf("%s: %d, want %d", host, b.status, want)
		}
	}
}

func TestNobodyGetsIn(t *testing.T) {
	s := newSite(t)
	id := s.as("wang").hand("只给登录的人看")
	b := s.anonymous()
	for _, to := range []string{"/", "/items", "/items/" + id, "/items/" + id + "/edit", "/queue", "/findings", "/notices", "/people", "/events",
		"/files/" + strings.Repeat("0", 64) + "/a.jpg"} {
		b.get(to)
		if !strings.HasPrefix(b.at, "/signin") {
			t.Errorf("%s: at %s", to, b.at)
		}
	}
	b.get("/api/v1/items")
	if b.status != http.StatusUnauthorized || !strings.HasPrefix(b.header.Get("Content-Type"), "application/problem+json") {
		t.Errorf("interface: %d %s", b.status, b.header.Get("Content-Type"))
	}
	b.get("/healthz").want(http.StatusOK)
}

func TestSignin(t *testing.T) {
	s := newSite(t)
	b := s.anonymous()
	b.get("/items?due=1")
	b.post("/signin", "login", "wang", "password", "wrong-wrong", "next", "/items?due=1")
	b.want(http.StatusUnauthorized).reads("登录名或密码不对")
	b.post("/signin", "login", "wang", "password", password, "next", "/items?due=1")
	if b.at != "/items?due=1" {
		t.Errorf("at %s", b.at)
	}
	b.post("/signout")
	if b.at != "/signin" {
		t.Errorf("signed out, at %s", b.at)
	}
	b.post("/signin", "login", "wang", "password", password, "next", "//evil.example/")
	if b.at != "/" {
		t.Errorf("led away to %s", b.at)
	}
	stranger := s.anonymous()
	stranger.get("/signin")
	for range 12 {
		stranger.post("/signin", "login", "nobody", "password", "guess-guess")
	}
	if stranger.status != http.StatusTooManyRequests || stranger.header.Get("Retry-After") == "" {
		t.Errorf("guessing: %d", stranger.status)
	}
}

func TestFilesAreServedSafely(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	b.get("/items/new").send(actSubmit, words("文件"), upload{"现场.jpg", photo(t, 70)}, upload{"名单.csv", []byte("姓名,人数\n张三,1\n")}).want(http.StatusOK)
	list := s.item(b.id()).Text.Attachments
	for i, want := range []struct{ kind, how string }{{"image/jpeg", "inline"}, {"application/octet-stream", "attachment"}} {
		b.get(fileURL(list[i].SHA256, list[i].Name)).want(http.StatusOK)
		for name, part := range map[string]string{"Content-Type": want.kind, "Content-Disposition": want.how, "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "sandbox", "Cache-Control": "private"} {
			if got := b.header.Get(name); !strings.Contains(got, part) {
				t.Errorf("%s: %s = %q, want %q", list[i].Name, name, got, part)
			}
		}
	}
	whole := fileURL(list[0].SHA256, list[0].Name)
	b.get(whole + "?size=" + content.SmallImage).want(http.StatusOK)
	if b.header.Get("Content-Type") != "image/jpeg" || len(b.body) == 0 {
		t.Errorf("small image: %v", b.header)
	}
	tag := b.header.Get("Etag")
	b.do(http.MethodGet, whole+"?size="+content.SmallImage, nil, "If-None-Match", tag)
	b.want(http.StatusNotModified)
	b.get(whole + "?size=9999").want(http.StatusNotFound)
	b.get(fileURL(list[1].SHA256, list[1].Name) + "?size=" + content.SmallImage).want(http.StatusNotFound)
	b.get("/files/" + strings.Repeat("0", 64) + "/a.jpg").want(http.StatusNotFound)
	b.get("/files/..%2f..%2fqueue.db/a").want(http.StatusNotFound)
}

// A password the county finds too old is changed before anything else, and whoever
// signs out everywhere stays where he did so.
func TestOldPasswordAndOtherSignIns(t *testing.T) {
	s := openSite(t, queue.Options{Reserve: -1, Rules: account.Rules{Days: 90}})
	here, there := s.as("wang"), s.as("wang")
	here.get("/account/password").reads("退出其他地方的登录")
	other := s.as("wang")
	here.get("/account/password").reads("192.0.2.1", "就是这一处")
	here.post(uitest.Attr(uitest.Find(here.page, "table form"), "action")).want(http.StatusOK).reads("这一处登录已退出")
	ended := 0
	for _, b := range []*browser{there, other} {
		if b.get("/items"); strings.HasPrefix(b.at, "/signin") {
			ended++
		}
	}
	if ended != 1 {
		t.Errorf("%d sign-ins ended", ended)
	}
	here.get("/account/password").post("/account/signout").want(http.StatusOK).reads("其他地方的登录都已退出")
	here.get("/items").want(http.StatusOK)
	if there.get("/items"); !strings.HasPrefix(there.at, "/signin") {
		t.Errorf("the other browser is at %s", there.at)
	}
	s.clockAt(91 * day)
	b := s.anonymous()
	b.get("/signin")
	b.post("/signin", "login", "wang", "password", password)
	if b.at != "/account/password" {
		t.Errorf("at %s", b.at)
	}
	b.reads("密码该换了")
	b.get("/items")
	if b.at != "/account/password" {
		t.Errorf("past the change, at %s", b.at)
	}
}

// No page of a person is kept by a browser, and a sign-in tells nothing of who
// exists.
func TestPrivatePagesKeepToThemselves(t *testing.T) {
	s := newSite(t)
	b := s.as("wang")
	id := b.hand("给自己看的")
	for _, path := range []string{"/", "/items", "/items/new", "/items/" + id, "/items/" + id + "/edit", "/queue", "/people", "/notices", "/findings", "/account/password", "/api/v1/items", "/api/v1/queue"} {
		b.get(path).want(http.StatusOK)
		if !strings.Contains(b.header.Get("Cache-Control"), "no-store") || b.header.Get("Content-Security-Policy") != web.ContentSecurityPolicy {
			t.Errorf("%s: %v", path, b.header)
		}
	}
	said := map[string]bool{}
	for _, login := range []string{"wang", "nobody-at-all"} {
		v := s.anonymous()
		v.get("/signin")
		v.post("/signin", "login", login, "password", "not-the-password").want(http.StatusUnauthorized)
		said[strings.ReplaceAll(uitest.Text(v.page), login, "")] = true
	}
	if len(said) != 1 {
		t.Error("a sign-in tells who exists")
	}
}

// code is what the authenticator of an account shows now.
func (s *site) code(login string) string {
	s.t.Helper()
	a, err := s.q.AccountByLogin(s.t.Context(), login)
	if err != nil {
		s.t.Fatal(err)
	}
	f, err := s.q.Second(s.t.Context(), a)
	if err != nil {
		s.t.Fatal(err)
	}
	code, err := hotp.GenerateCode(strings.ReplaceAll(f.Text(), " ", ""), uint64(s.now().Unix())/30) // #nosec G115 -- after 1970
	if err != nil {
		s.t.Fatal(err)
	}
	return code
}

// A liaison sets a second factor up, signs in with it, and is let in by nothing
// less; where it is demanded it comes before anything else.
func TestSecondFactor(t *testing.T) {
	s := openSite(t, queue.Options{Reserve: -1, Rules: account.Rules{Second: account.DemandAdmins}})
	code := func() string { return s.code("wang") }
	b := s.anonymous()
	b.get("/signin").post("/signin", "login", "wang", "password", password)
	if b.at != "/account/second" {
		t.Fatalf("the township's liaison is at %s", b.at)
	}
	b.reads("请先设置二次验证")
	if b.get("/items"); b.at != "/account/second" {
		t.Errorf("past the set-up, at %s", b.at)
	}
	b.get("/api/v1/items").want(http.StatusForbidden)
	b.get("/account/second").post("/account/second/begin", "password", "wrong-wrong").want(http.StatusUnprocessableEntity).reads("现在的密码不对")
	b.post("/account/second/begin", "password", password).want(http.StatusOK).reads("扫这个二维码")
	b.post("/account/second/confirm", "code", "000000").want(http.StatusUnprocessableEntity).reads("验证码不对")
	b.post("/account/second/confirm", "code", code()).want(http.StatusOK).reads("二次验证已开启")
	recovery := uitest.Words(uitest.Find(b.page, "ol li code"))
	b.get("/items").want(http.StatusOK)
	s.as("li").get("/items").want(http.StatusOK)

	half := s.anonymous()
	half.get("/signin").post("/signin", "login", "wang", "password", password, "next", "/queue").reads("验证器上显示的 6 位数字")
	if half.get("/items"); !strings.HasPrefix(half.at, "/signin") {
		t.Errorf("with the password alone at %s", half.at)
	}
	half.get("/signin/second?next=/queue").post("/signin/second", "code", code(), "next", "/queue").want(http.StatusUnauthorized).reads("已经用过")
	s.clockAt(30 * time.Second)
	if half.post("/signin/second", "code", code(), "next", "/queue"); half.at != "/queue" {
		t.Errorf("signed in, at %s", half.at)
	}
	lost := s.anonymous()
	lost.get("/signin").post("/signin", "login", "wang", "password", password)
	lost.get("/signin/second?recovery=1").post("/signin/second", "code", recovery).want(http.StatusOK).reads("还剩 7 个")
	again := s.anonymous()
	again.get("/signin").post("/signin", "login", "wang", "password", password)
	again.post("/signin/second", "code", recovery).want(http.StatusUnauthorized)

	lost.get("/account/second").post("/account/second/codes", "password", password).want(http.StatusOK).reads("只显示一次")
	lost.get("/account/second").post("/account/second/off", "password", password).want(http.StatusOK).reads("请先设置二次验证")
}

// The township resets the second factor of one who has lost the telephone.
func TestSecondFactorIsReset(t *testing.T) {
	s := newSite(t)
	li, err := s.q.AccountByLogin(t.Context(), "li")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.q.BeginSecond(t.Context(), li, password, "192.0.2.9"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.q.ConfirmSecond(t.Context(), li, s.code("li")); err != nil {
		t.Fatal(err)
	}
	for range account.DefaultLockout().MaxFailures { // the right password in between takes nothing back
		if _, err = s.q.SignIn(t.Context(), "li", password, "192.0.2.9"); err == nil {
			_, _, err = s.q.FinishSignIn(t.Context(), li.Ref(), "123456", "192.0.2.9")
		}
	}
	if !fault.Is(err, fault.Limited) {
		t.Errorf("codes can be guessed for ever: %v", err)
	}
	wang := s.as("wang")
	wang.get("/people/li").reads("重置二次验证")
	wang.post("/people/li/second-off").want(http.StatusOK).reads("请先核实是本人")
	wang.post("/people/li/second-off", "sure", "1").want(http.StatusOK).reads("二次验证已重置")
	s.as("li").get("/items").want(http.StatusOK)
}
