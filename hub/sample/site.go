package sample

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Site is a small township site with faults that really happen.
type Site struct {
	Unit string // code of the township
	Name string
	// Faulty are paths of the site that are dead, each named on some page.
	Faulty []string
	// Columns are the names of its columns by their paths: one kept up, one
	// without dates, one empty.
	Columns map[string]string
	pages   map[string]page

	repaired *sync.Map // paths that are there again
}

// Repair brings a faulty page back, as a township does after it was told.
func (s Site) Repair(path string) { s.repaired.Store(path, true) }

type page struct {
	title string
	items []link
}

type link struct{ label, href string }

// Sites are the two sites. Their pages name the faults listed in Faulty, and
// between them good links, an excluded one and a wall that must not count.
func Sites() []Site {
	today := time.Now().Format("2006-01-02")
	return []Site{
		{
			repaired: new(sync.Map), Unit: County + "101", Name: "云岭镇人民政府网", Faulty: []string{"/bszn/2019/hukou.html", "/files/2021-yusuan.pdf"},
			Columns: map[string]string{"/dongtai/": "工作动态", "/bszn/": "办事指南", "/zcwj/": "政策文件"},
			pages: map[string]page{
				"/": {"云岭镇人民政府网", []link{
					{"镇情概况", "/gaikuang.html"}, {"工作动态", "/dongtai/"}, {"办事指南", "/bszn/"}, {"政务公开", "/gongkai/"},
					{"信箱", "mailto:yunling@example.org"}, {"内部系统", "/oa/"}}},
				"/gaikuang.html":   {"镇情概况", nil},
				"/dongtai/":        {"工作动态", []link{{today + " 云岭镇召开春耕备耕调度会", "/dongtai/1.html"}}},
				"/dongtai/1.html":  {"云岭镇召开春耕备耕调度会", nil},
				"/bszn/":           {"办事指南", []link{{"户口迁移办理流程", "/bszn/2019/hukou.html"}, {"城乡居民医保参保", "/bszn/yibao.html"}}},
				"/bszn/yibao.html": {"城乡居民医保参保", nil},
				"/zcwj/":           {"政策文件", nil},
				"/gongkai/":        {"政务公开", []link{{"2021 年部门预算", "/files/2021-yusuan.pdf"}, {"镇情概况", "/gaikuang.html"}}},
			},
		},
		{
			repaired: new(sync.Map), Unit: County + "102", Name: "石桥镇人民政府网", Faulty: []string{"/news/2020/0715.html"},
			Columns: map[string]string{"/news/": "石桥要闻", "/xczx/": "乡村振兴"},
			pages: map[string]page{
				"/": {"石桥镇人民政府网", []link{
					{"石桥要闻", "/news/"}, {"乡村振兴", "/xczx/"}, {"旧版入口", "/old"}}},
				"/news/":         {"石桥要闻", []link{{"石桥镇开展防汛演练", "/news/2020/0715.html"}, {"石桥镇集市恢复开放", "/news/2.html"}}},
				"/news/2.html":   {"石桥镇集市恢复开放", nil},
				"/xczx/":         {"乡村振兴", []link{{"龙潭村茶园", "/xczx/cha.html"}}},
				"/xczx/cha.html": {"龙潭村茶园", nil},
			},
		},
	}
}

var pageTemplate = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body><h1>{{.Title}}</h1><p>{{.Site}}，示例站点，内容均为虚构。本页介绍有关工作情况，供演示链接检查使用。</p>
<ul>{{range .Items}}<li><a href="{{.Href}}">{{.Label}}</a></li>{{end}}</ul>
<p><a href="/">返回首页</a></p></body></html>
`))

// emptyPDF is the least a reader opens: one blank page.
const emptyPDF = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n" +
	"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n" +
	"trailer<</Root 1 0 R>>\n%%EOF\n"

// ServeHTTP answers like a small town's server: most pages are there, some have
// gone, one asks for a password, one old address leads to the home page.
func (s Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/oa/":
		http.Error(w, "403 请在政务内网访问", http.StatusForbidden)
		return
	case r.URL.Path == "/old":
		http.Redirect(w, r, "/xczx/", http.StatusMovedPermanently)
		return
	}
	p, ok := s.pages[r.URL.Path]
	if _, back := s.repaired.Load(r.URL.Path); back {
		if strings.HasSuffix(r.URL.Path, ".pdf") {
			w.Header().Set("Content-Type", "application/pdf")
			_, _ = w.Write([]byte(emptyPDF))
			return
		}
		p, ok = page{title: "政务公开资料"}, true
	}
	if !ok {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, "<!DOCTYPE html><title>404</title><h1>404 页面不存在</h1>")
		return
	}
	type view struct{ Label, Href string }
	data := struct {
		Title, Site string
		Items       []view
	}{Title: p.title, Site: s.Name}
	for _, l := range p.items {
		data.Items = append(data.Items, view{l.label, l.href})
	}
	var b strings.Builder
	if err := pageTemplate.Execute(&b, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, b.String())
}
