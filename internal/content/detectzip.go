package content

import (
	"archive/zip"
	"errors"
	"io"
	"strings"
)

const (
	// zipDirectory bounds what is read of an archive's list of contents, and so
	// how many entries (about 50,000) it can put into memory.
	zipDirectory = 4 << 20
	// zipExpanded and zipRatio bound what an archive claims to unpack to. The
	// claim is all a reader's own software will look at first, too.
	zipExpanded = 2 << 30
	zipRatio    = 200
)

// detectZip tells documents from archives and refuses what would run, hide or
// burst when somebody opens it.
func detectZip(r io.ReaderAt, size int64) (*fileType, error) {
	z, err := zip.NewReader(&budgetReader{r, zipDirectory}, size)
	if errors.Is(err, errBudget) {
		return nil, refuse("压缩包里的文件太多，请分成几个再上传。")
	}
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, refuse("文件已损坏或没有传完整（压缩结构读不出来）。请在本机打开检查后重新上传。")
	}
	var office *fileType
	var unpacked uint64
	contentTypes := false
	for _, f := range z.File {
		name := strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/")) // as some exporters write them
		unpacked += f.UncompressedSize64
		switch {
		case f.Flags&1 != 0:
			return nil, refuse("文件设有打开密码，审核员无法查看。请去掉密码后上传。")
		case strings.HasSuffix(name, "vbaproject.bin"):
			return nil, errMacros
		case name == "androidmanifest.xml" || name == "meta-inf/manifest.mf" || name == "classes.dex":
			return nil, refuse("这是程序安装包，不能上传。")
		case name == "[content_types].xml":
			contentTypes = true
		case name == "ofd.xml":
			office, contentTypes = typeOFD, true
		case mainPart(name, "word/document"):
			office = typeDocx
		case mainPart(name, "xl/workbook"):
			office = typeXlsx
		case mainPart(name, "ppt/presentation"):
			office = typePptx
		case name == "mimetype" || name == "meta-inf/container.xml":
			return nil, errOtherDocument
		}
	}
	if unpacked > zipExpanded || unpacked > 1<<20 && unpacked/zipRatio > uint64(size) { // #nosec G115 -- size is positive
		return nil, refuse("压缩包展开后大得异常，不能上传。")
	}
	if office != nil && contentTypes {
		return office, nil
	}
	if contentTypes {
		return nil, errOtherDocument
	}
	return typeZip, checkArchive(z.File)
}

// mainPart reports whether name is a document's main part; the online Office
// numbers it, as in word/document2.xml.
func mainPart(name, stem string) bool {
	rest, ok := strings.CutPrefix(name, stem)
	return ok && strings.Trim(strings.TrimSuffix(rest, ".xml"), "0123456789") == "" && strings.HasSuffix(rest, ".xml")
}

var (
	errMacros        = refuse("文档里带有宏（可自动运行的程序），不能上传。请另存为不带宏的格式。")
	errOtherDocument = refuse("不支持这种文档格式。请另存为 docx、xlsx、pptx 或 PDF 后上传。")
)

// checkArchive refuses a plain archive with programs in it or with names that
// leave the folder it is unpacked in.
func checkArchive(files []*zip.File) error {
	if len(files) == 0 {
		return refuse("压缩包是空的，请检查后重新选择。")
	}
	for _, f := range files {
		name := strings.ReplaceAll(f.Name, `\`, "/")
		if strings.HasPrefix(name, "/") || strings.Contains("/"+name+"/", "/../") ||
			len(name) > 1 && name[1] == ':' {
			return refuse("压缩包里有不安全的文件路径，不能上传。请重新打包。")
		}
		if ext := extOf(name); forbiddenExt[ext] {
			return refuse("压缩包里有 .%s 文件，打开会运行程序或脚本，不能上传。请去掉后重新打包。", ext)
		}
	}
	return nil
}

var errBudget = errors.New("archive directory too large")

// budgetReader stops reading after a number of bytes.
type budgetReader struct {
	r    io.ReaderAt
	left int64
}

func (b *budgetReader) ReadAt(p []byte, off int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errBudget
	}
	return b.r.ReadAt(p, off)
}
