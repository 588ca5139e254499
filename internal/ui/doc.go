// Package ui is the one family of page parts behind the pages of both
// programs: shell, navigation, form field, table, list row, chip, strip,
// timeline, diff, chart, empty state, confirmation and error page.
//
// It promises that every page is complete without script, speaks Chinese or
// English from one catalogue, carries no inline style or script (the content
// security policy forbids them), and is checked when the program starts: a
// template that does not parse or cannot be escaped safely is an error of New,
// never of a visitor's request.
//
// # A page
//
// A program keeps one file per page, NAME.tmpl, in its templates folder; the
// file is what stands inside <main>, below the heading. The heading is
// Page.Title, or a template "title" defined in the file; "actions", if defined,
// stands beside the heading, and "head" adds to the head of the document. Files called _NAME.tmpl are the program's own
// parts: {{template "NAME" .}}. The page's data is a pointer to a struct that
// embeds Page:
//
//	type itemPage struct {
//		ui.Page
//		Item catalog.Item
//	}
//
//	p := &itemPage{Item: it}
//	p.Title = it.Title
//	return s.pages.Render(w, r, http.StatusOK, "item", p)
//
// # Functions in templates
//
// Words: {{t "提交"}}, {{t "共 %d 篇" .N}}. Chinese is the key; a missing
// English entry shows the Chinese. English with two forms is written
// "%d item | %d items" and chosen by the first number.
//
// Values: when, day, ago, span (durations), bytes, num, join, dict, asset.
// Times are time.Time, *time.Time or int64 Unix milliseconds.
//
// Parts take pairs of name and value, held against the struct of the same
// name, so that a misspelt name is an error and not silence:
//
//	{{token $}}                                    hidden form token, in every POST form
//	{{field "Name" "title" "Label" (t "标题") "Value" .Form.Title "Error" .Errors.title "Hint" (t "…")}}
//	{{chip .State}}  {{chip .State "第 1 步，共 2 步"}}   state as word, shape and tone
//	{{strip "Tone" "warn" "Title" (t "…") "Text" (t "…")}}
//	{{empty "Title" (t "还没有稿件") "Text" (t "…") "Action" (t "写一篇") "URL" "/items/new"}}
//	{{pager "Newer" .NewerURL "Older" .OlderURL}}
//	{{timeline .Events}} {{uploads .Files}} {{bars "Title" (t "…") "Bars" .Bars}} {{progress "Label" (t "…") "Value" 3 "Max" 10}}
//	{{diff .Old .New}}
//	{{signins "List" .SignIns "Action" "/account/signins" "FormToken" .FormToken}}
//
// # Classes
//
// Pages are written with the classes of static/app.css and nothing else:
// columns (main + aside), panel, stack, buttons (a row of button, button
// primary, button danger, button quiet), table-wrap > table.table (td.num,
// td[data-label] for the stacked form below 720 px), ul.rows > li.row
// (row-title, row-meta, row-note, row-side), dl.facts, ul.tiles (numbers that
// answer), p.chips, section-head (h2 and a link), pair (two fields side by side), ul.tabs, form.filter, prose
// (sanitised rich text), small, muted, num, visually-hidden, no-print.
// The first link of a row or table line is a stop of the keys j and k;
// data-key="a" gives a control the key a, and a template "keys" in the page
// tells about it in the help: <div><dt><kbd>a</kbd></dt><dd>…</dd></div>.
// [data-live="name"] marks a region that is fetched anew when the page's event
// stream names it; form[data-guard] warns before unsaved work is left, and keeps
// its text in the browser tab until a page comes with a flash of tone good;
// textarea[data-autosize] grows.
package ui
