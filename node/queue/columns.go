package queue

import "zhanqun/protocol"

// firstColumns are the columns of a new hub. A node that has joined and not yet
// heard its settings works with them; the hub refuses what it does not have.
var firstColumns = []protocol.Column{
	{Slug: "headline", Name: "要闻"},
	{Slug: "township", Name: "乡镇传真"},
	{Slug: "department", Name: "部门动态"},
	{Slug: "photo", Name: "图片新闻"},
	{Slug: "notice", Name: "通知公告"},
	{Slug: "policy", Name: "政策文件"},
	{Slug: "village", Name: "村务公开"},
}
