package ui

// ElementName is what people call the element of a page that names an address.
func ElementName(tag string) string {
	switch tag {
	case "img", "source", "picture":
		return "图片"
	case "iframe", "frame", "embed", "object":
		return "嵌入的页面"
	case "video", "audio", "track":
		return "音视频"
	case "script":
		return "脚本"
	case "link":
		return "样式或图标"
	}
	return "链接"
}
