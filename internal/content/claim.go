package content

import (
	"fmt"

	"zhanqun/internal/fault"
)

// Claim checks what somebody says about a file nobody here has seen yet: its
// name and its media type, as Inspect would have returned them. A claim that
// cannot be true is a fault of kind Invalid at the field "name" or "type". Kinds
// of names a later Inspect would correct among themselves pass.
func Claim(name, media string) error {
	ext := extOf(name)
	if forbiddenExt[ext] {
		return fault.Field("name", fmt.Sprintf("不能上传扩展名为 .%s 的文件：这类文件在别人电脑上打开会运行程序或脚本。", ext))
	}
	t := typeOf(media)
	if t == nil {
		return fault.Field("type", "不接收这种类型的附件。")
	}
	if named := extTypes[ext]; named == nil || named.family != t.family {
		return fault.Field("name", fmt.Sprintf("附件名的扩展名是 .%s，申报的类型却是 %s，两者不符。", ext, t.exts[0]))
	}
	return nil
}

// Alike reports whether a file that was announced as one media type may be what
// Inspect found it to be. Types within a family differ by name alone (text and
// CSV) or do no harm (JPEG and PNG). An empty found says that nobody has looked.
func Alike(claimed, found string) bool {
	if claimed == found || found == "" {
		return true
	}
	a, b := typeOf(claimed), typeOf(found)
	return a != nil && b != nil && a.family == b.family
}

func typeOf(media string) *fileType {
	for _, t := range fileTypes {
		if t.mime == media {
			return t
		}
	}
	return nil
}
