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
	Columns: 4, Needed: 3, What: "网站", Most: 10_000,
	Heads: map[string]int{
		"unit": 0, "单位": 0, "单位代码": 0, "责任单位": 0, "name": 1, "名称": 1, "网站名称": 1,
		"url": 2, "网址": 2, "首页": 2, "首页地址": 2, "code": 3, "网站标识码": 3, "标识码": 3,
	},
}

// ImportSites reads a CSV file with the columns unit, name, url and, if there is
// one, code (site identification code). It returns how many sites the file
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
		site := Site{Unit: c[0], Name: c[1], URL: c[2], Code: c[3]}
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
