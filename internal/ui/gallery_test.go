package ui_test

import (
	"flag"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"zhanqun/internal/account"
	"zhanqun/internal/chinatime"
	"zhanqun/internal/ui"
	"zhanqun/internal/ui/uitest"
)

// With -gallery DIR the pages below are written to DIR as one website, to be
// looked at in a browser.
var galleryDir = flag.String("gallery", "", "folder to write the gallery of parts to")

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, chinatime.Zone)

type galleryItem struct {
	Title, Unit, State, Note string
	At                       time.Time
	Words                    int
}

type galleryPage struct {
	ui.Page
	States           []string
	Sample, Unit     string
	Old, New         string
	Columns, Choices []ui.Option
	Events           []ui.Event
	Items            []galleryItem
	Files            []ui.Upload
	Bars             []ui.Bar
	Times            []time.Time
	Long             time.Duration
}

func newGallery() *galleryPage {
	p := &galleryPage{
		States: slices.Sorted(maps.Keys(ui.Chips())),
		Sample: "思源镇举办“敬老月”系列活动", Unit: "思源镇人民政府",
		Old: "10月23日，思源镇在镇文化站举办“敬老月”系列活动，全镇各村老人代表参加。\n活动现场，志愿者为120名老人量血压、测血糖，并送上节日礼品。\n镇党委副书记出席并讲话。\n下一步，镇里将继续关心老年人生活。\n活动由镇民政办承办。\n（通讯员 李华）",
		New: "10月23日，思源镇在镇文化站举办“敬老月”系列活动，全镇18个村的老人代表参加。\n活动现场，志愿者为102名老人免费量血压、测血糖，并送上节日礼品。\n镇党委副书记出席并讲话。\n下一步，镇里将继续关心老年人生活。\n活动由镇民政办承办。\n（通讯员 李华）",
		Columns: []ui.Option{{Value: "headline", Label: "要闻"}, {Value: "township", Label: "乡镇传真"},
			{Value: "notice", Label: "通知公告"}},
		Choices: []ui.Option{{Value: "approve", Label: "通过", Hint: "进入下一步审核"},
			{Value: "return", Label: "退回修改", Hint: "写明哪里要改"}, {Value: "reject", Label: "不采用"}},
		Events: []ui.Event{
			{At: noon.Add(-time.Hour), Title: "退回修改", Who: "王敏（县政府办）", Text: "第二段人数与附件不一致。", Tone: ui.Warn, State: "returned"},
			{At: noon.Add(-20 * time.Hour), Title: "县里收到", Tone: ui.Info},
			{At: noon.Add(-26 * time.Hour), Title: "提交", Who: "李华（思源镇）", Tone: ui.Good},
		},
		Items: []galleryItem{
			{"思源镇举办“敬老月”系列活动", "思源镇", "in_review", "", noon.Add(-2 * time.Hour), 812},
			{"塘头镇召开森林防火工作会，安排部署今冬明春重点任务并签订责任书", "塘头镇", "returned", "审核意见：第二段人数与附件不一致，请核对。", noon.Add(-25 * time.Hour), 1450},
			{"许家坝镇便民服务中心延时服务公告", "许家坝镇", "adopted", "", noon.AddDate(0, 0, -20), 356},
		},
		Files: []ui.Upload{
			{Name: "敬老月活动现场.jpg", Size: 3355443, Type: "JPEG", URL: "/files/1", Remove: "1"},
			{Name: "参加人员名单（终稿）.docx", Size: 48211, Sending: true, Sent: 20000, Left: 150 * time.Second, Note: "正在发送"},
			{Name: "录音.wps", Size: 100, Error: "不支持 .wps 格式，请另存为 .docx 后再上传。", Remove: "3"},
		},
		Bars: []ui.Bar{{Label: "思源镇", Value: 18}, {Label: "塘头镇", Value: 12.5}, {Label: "许家坝镇", Value: 3, Tone: ui.Warn, Note: "有退稿"}, {Label: "大坝场镇"}},
		Times: []time.Time{noon.Add(-time.Hour), noon.Add(-24 * time.Hour), noon.AddDate(0, 0, -20),
			noon.AddDate(-1, 0, 0), noon.Add(24 * time.Hour), {}},
		Long: 76 * time.Hour,
	}
	p.Lead = "今天收到 12 篇，最早的一篇已等 3 小时。"
	p.Errors = map[string]string{"title": "标题和正文第一句重复，请改写标题。"}
	return p
}

func newRenderer(t testing.TB) *ui.Renderer {
	t.Helper()
	r, err := ui.New(ui.Options{
		Templates: os.DirFS("testdata/gallery"), Brand: "思南县站群", Now: func() time.Time { return noon },
		Fill: func(_ *http.Request, p *ui.Page) {
			p.Nav = []ui.NavItem{{Label: "首页", URL: "/"}, {Label: "待审", URL: "/review", Current: true, Count: 12},
				{Label: "稿件", URL: "/items"}, {Label: "网站体检", URL: "/sites", Count: 2}, {Label: "通报", URL: "/ranking"}}
			p.User = &ui.UserBox{Name: "王敏", Role: "审核员", Unit: "县政府办", URL: "/me"}
			p.FormToken = "token"
			p.Flash = &ui.Flash{Tone: ui.Good, Text: "已通过《思源镇举办“敬老月”系列活动》。",
				Undo: &ui.Undo{URL: "/undo", Until: time.Now().Add(10 * time.Minute), Fields: map[string]string{"id": "1"}}}
			p.Line = &ui.LineState{Since: noon.Add(-3 * time.Hour), Queued: 2, Oldest: noon.Add(-2 * time.Hour), URL: "/queue",
				Note: "稿件已存在本机，恢复后自动发出。"}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func gallerySamples() []uitest.Sample {
	confirm := &ui.Confirm{Thing: "思源镇举办“敬老月”系列活动", Text: "撤回后，门户网站和各订阅端会同时下架这篇稿件，并显示撤回说明。", Action: "撤回稿件",
		Danger: true, Back: "/items/1", Hidden: map[string]string{"revision": "2"},
		Fields: []ui.Field{{Name: "reason", Label: "撤回原因", Type: "textarea", Required: true}}}
	confirm.Title = "撤回这篇稿件？"
	failure := &ui.Failure{Status: 500, Text: "系统内部出错，内容没有丢失。", RequestID: "0190b6a4-0000-7000-8000-000000000000"}
	failure.Title = "系统出错"
	list := []uitest.Sample{
		{Page: "gallery", Data: newGallery()},
		{Page: "confirm", Data: confirm},
		{Page: "error", Data: failure},
	}
	list = append(list, secondSamples()...)
	return list
}

func TestGallery(t *testing.T) {
	r := newRenderer(t)
	uitest.Pages(t, r, gallerySamples())
	if *galleryDir == "" {
		return
	}
	for _, s := range gallerySamples() {
		for _, lang := range []string{"zh", "en"} {
			write(t, s.Page+"."+lang+".html", uitest.Render(t, r, s, lang))
		}
	}
	for _, name := range []string{"app.css", "app.js", "icon.svg"} {
		data, err := os.ReadFile(filepath.Join("static", name))
		if err != nil {
			t.Fatal(err)
		}
		at, err := ui.Asset(name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, at, data)
	}
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	file := filepath.Join(*galleryDir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// secondSamples are the pages of a second factor in their states.
func secondSamples() []uitest.Sample {
	waiting, demanded, on := &ui.Second{Action: "/account/second"}, &ui.Second{Action: "/account/second", Demanded: true}, &ui.Second{Action: "/account/second", On: true, Since: noon, Codes: 2, Helper: "县级管理员"}
	if err := waiting.Put(account.Second{Secret: []byte("12345678901234567890"), MadeAt: noon}, "站群县级平台", "wang", noon); err != nil {
		panic(err)
	}
	demanded.Errors = map[string]string{"password": "原密码不对。"}
	step, recovery := &ui.SecondStep{Action: "/signin/second", Next: "/items?due=1"}, &ui.SecondStep{Action: "/signin/second", Recovery: true}
	recovery.Errors = map[string]string{"code": "验证码不对。"}
	codes := &ui.RecoveryCodes{Codes: []string{"7K3M-Q2ZD-0HXV-9RTB-4EWN", "0HXV-9RTB-4EWN-7K3M-Q2ZD"}, Login: "wang", Next: "/", At: noon, First: true}
	list := []uitest.Sample{{Page: "second", Name: "waiting", Data: waiting}, {Page: "second", Name: "demanded", Data: demanded}, {Page: "second", Name: "on", Data: on},
		{Page: "secondstep", Data: step}, {Page: "secondstep", Name: "recovery", Data: recovery}, {Page: "recovery", Data: codes}}
	for _, s := range list {
		s.Data.(interface{ Shell() *ui.Page }).Shell().Title = "二次验证"
	}
	return list
}

// spoken are the packages under both programs that say something to people, and
// what the county says that both show. What the scan looks for is said to nobody,
// and what is wrong with a bundle on the command line only.
var spoken = []fs.FS{os.DirFS("../fault"), os.DirFS("../web"), os.DirFS("../account"), os.DirFS("../signin"), os.DirFS("../blob"), uitest.Without(os.DirFS("../../protocol"), "bundle.go", "bundle_read.go"),
	uitest.Without(os.DirFS("../content"), "scancontext.go", "scanmark.go"),
	os.DirFS("../../hub/intake"), uitest.Without(os.DirFS("../../hub/health"), "close.go", "health.go", "import.go", "column.go", "import_column.go"),
	uitest.Without(os.DirFS("../../hub/health/foreign"), "foreign.go"),
	uitest.Without(os.DirFS("../../hub/health/linkcheck"), "charsetguess.go", "content.go", "facts.go", "phrases.go")}

func TestSharedCatalog(t *testing.T) {
	uitest.Catalog(t, uitest.Sources{Templates: os.DirFS("."), Go: []fs.FS{os.DirFS(".")}, Every: spoken, Seen: []fs.FS{os.DirFS("../../hub/health/rules")}, Chips: ui.Chips(), Own: true})
}
