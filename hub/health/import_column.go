package health

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"zhanqun/hub/access"
	"zhanqun/hub/health/fresh"
	"zhanqun/hub/listfile"
	"zhanqun/internal/fault"
)

// columnShape are the columns of a list of sites' columns and the words above
// them.
var columnShape = listfile.Shape{
	Columns: 7, Needed: 3, What: "栏目", Most: 20_000,
	Heads: map[string]int{
		"site": 0, "站点": 0, "网站": 0, "网站首页": 0, "首页地址": 0, "name": 1, "名称": 1, "栏目": 1, "栏目名称": 1,
		"url": 2, "网址": 2, "栏目地址": 2, "class": 3, "类别": 3, "栏目类别": 3,
		"unit": 4, "单位": 4, "单位代码": 4, "责任单位": 4, "channel": 5, "频道": 5,
		"days": 6, "期限": 6, "期限天数": 6, "更新期限": 6,
	},
}

// classNames are the words a list may use for a class.
var classNames = map[string]fresh.Class{
	"": "", "news": fresh.News, "notice": fresh.Notice, "policy": fresh.Policy, "other": fresh.Other,
	"动态要闻": fresh.News, "动态要闻类": fresh.News, "通知公告": fresh.Notice, "通知公告类": fresh.Notice,
	"政策文件": fresh.Policy, "政策文件类": fresh.Policy, "personnel": fresh.Personnel, "plan": fresh.Plan,
	"人事信息": fresh.Personnel, "人事信息类": fresh.Personnel, "规划计划": fresh.Plan, "规划计划类": fresh.Plan, "其他": fresh.Other, "其他栏目": fresh.Other,
}

// ImportColumns reads a CSV file with the columns site (its home page), name
// and url, and, if there are, class, unit, channel and days (a period of the
// column's own). Without a class it is guessed from the name, without a unit it is
// the site's. A row that is wrong stops the import; its line is named.
func (s *Service) ImportColumns(ctx context.Context, who access.User, file io.Reader) (total, added int, err error) {
	rows, err := listfile.Read(file, columnShape)
	if err != nil {
		return 0, 0, err
	}
	sites, err := s.sitesByURL(ctx)
	if err != nil {
		return 0, 0, err
	}
	list := make([]Column, 0, len(rows))
	for _, row := range rows {
		c := row.Cells
		home := Site{Unit: "-", Name: "-", URL: c[0]}
		if err := home.check(); err != nil {
			return 0, 0, listfile.Fault(row.Line, "站点一栏要填网站的首页地址，以 http:// 或 https:// 开头")
		}
		site, known := sites[home.URL]
		if !known {
			return 0, 0, listfile.Fault(row.Line, fmt.Sprintf("没有登记首页为 %s 的站点，请先登记", home.URL))
		}
		class, known := classNames[c[3]]
		if !known {
			return 0, 0, listfile.Fault(row.Line, "类别只能是 "+fresh.ClassNames+"，或动态要闻、通知公告、政策文件、人事信息、规划计划、其他")
		}
		days, err := daysOf(c[6])
		if err != nil {
			return 0, 0, listfile.Fault(row.Line, "期限要写天数，如 30")
		}
		column := Column{Site: site.ID, Name: c[1], URL: c[2], Class: class, Unit: first(c[4], site.Unit), Channel: c[5], Days: days}
		if err := column.check(); err != nil {
			return 0, 0, listfile.Fault(row.Line, fault.Message(err))
		}
		list = append(list, column)
	}
	if len(list) == 0 {
		return 0, 0, fault.New(fault.Invalid, "文件里没有栏目。每行应有站点首页地址、栏目名称、栏目地址三栏，用逗号隔开。")
	}
	added, err = s.SaveColumns(ctx, who, list)
	return len(list), added, err
}

// daysOf reads a period in days: "", "30", "30 天".
func daysOf(cell string) (int, error) {
	if cell = strings.TrimSpace(strings.TrimSuffix(cell, "天")); cell == "" {
		return 0, nil
	}
	days, err := strconv.Atoi(cell)
	if err != nil {
		return 0, fmt.Errorf("reading a period: %w", err)
	}
	return days, nil
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// sitesByURL returns all registered sites by their home page.
func (s *Service) sitesByURL(ctx context.Context) (map[string]Site, error) {
	all := map[string]Site{}
	for after := ""; ; {
		list, err := s.Store.Sites(ctx, after, 500)
		if err != nil {
			return nil, err
		}
		for _, site := range list {
			all[site.URL] = site
		}
		if len(list) < 500 {
			return all, nil
		}
		after = list[len(list)-1].ID
	}
}
