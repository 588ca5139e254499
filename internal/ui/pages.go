package ui

import "net/http"

// Confirm shows the page that asks before a destructive act.
func (r *Renderer) Confirm(w http.ResponseWriter, req *http.Request, c *Confirm) error {
	return r.Render(w, req, http.StatusOK, "confirm", c)
}

// Fail shows an error page. Text is translated when the catalogue has it.
func (r *Renderer) Fail(w http.ResponseWriter, req *http.Request, f *Failure) error {
	lang := r.Lang(req)
	if f.Title == "" {
		f.Title = T(lang, failureTitle(f.Status))
	}
	f.Text = T(lang, f.Text)
	return r.Render(w, req, f.Status, "error", f)
}

// failureTitle is the heading of an error page.
func failureTitle(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "请先登录"
	case http.StatusForbidden:
		return "没有权限"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "没有找到"
	case http.StatusConflict:
		return "内容已有变化"
	case http.StatusGone:
		return "已经撤回"
	case http.StatusRequestEntityTooLarge:
		return "内容太大"
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		return "请检查填写的内容"
	case http.StatusTooManyRequests:
		return "操作太频繁"
	case http.StatusServiceUnavailable:
		return "暂时无法处理"
	case http.StatusInsufficientStorage:
		return "磁盘空间不足"
	}
	return "系统出错"
}
