package health

import (
	"context"
	"io"

	"zhanqun/hub/access"
	"zhanqun/hub/listfile"
	"zhanqun/internal/fault"
)

// siteShape are the columns of a list of sites and the words above them.
var siteShape = listfile.Shape{
	Columns: 6, Needed: 3, What: "网站", Most: 10_000,
	Heads: map[string]int{
		"unit": 0, "单位": 0, "单位代码": 0, "责任单位": 0, "name": 1, "名称": 1, "网站名称": 1,
		"url": 2, "网址": 2, "首页": 2, "首页地址": 2, "code": 3, "网站标识码": 3, "标识码": 3,
		"parent": 4, "上级": 4, "上级线路": 4, "kind": 5, "种类": 5,
	},
}

// siteKinds are the words a list may use for sites and lines.
var siteKinds = map[string]bool{"": false, "site": false, "网站": false, "站点": false, "line": true, "线路": true}

// ImportSites reads a CSV file with the columns unit, name, url and, if there
// are, code (site identification code), parent (what the site hangs on, by name or
// home page, "-" for nothing) and kind (site or line). It returns how many sites the file
// holds and how many are new. A row that is wrong stops the import; its line is
// named.
func (s *Service) ImportSites(ctx context.Context, who access.User, file io.Reader) (total, added int, err error) {
	rows, err := listfile.Read(file, siteShape)
	if err != nil {
		return 0, 0, err
	}
	list := make([]Site, 0, len(rows))
	for _, row := range rows {
		c := row.Cells
		line, known := siteKinds[c[5]]
		if !known {
			return 0, 0, listfile.Fault(row.Line, "种类只能是网站（site）或线路（line）")
		}
		site := Site{Unit: c[0], Name: c[1], URL: c[2], Code: c[3], Line: line}
		if c[4] != "" {
			site.Above = aboveOf(c[4])
		}
		if err := site.check(); err != nil {
			return 0, 0, listfile.Fault(row.Line, fault.Message(err))
		}
		list = append(list, site)
	}
	if len(list) == 0 {
		return 0, 0, fault.New(fault.Invalid, "文件里没有网站。每行应有单位代码、名称、首页地址三栏，用逗号隔开。")
	}
	added, err = s.save(ctx, who, list)
	return len(list), added, err
}
