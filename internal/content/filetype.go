package content

import (
	"slices"
	"strings"
)

// family groups types that people mix up in names without meaning harm.
type family int

const (
	famImage family = iota
	famWord
	famSheet
	famSlides
	famText
	famPDF
	famOFD
	famZip
	famVideo
	famAudio
)

// fileType is one type that may be attached.
type fileType struct {
	mime   string
	family family
	exts   []string // the first is the one given to a file named otherwise
}

// The short list. What is not here is refused; detect says why.
var (
	typeJPEG = &fileType{"image/jpeg", famImage, []string{"jpg", "jpeg", "jpe", "jfif"}}
	typePNG  = &fileType{"image/png", famImage, []string{"png"}}
	typeGIF  = &fileType{"image/gif", famImage, []string{"gif"}}
	typeWebP = &fileType{"image/webp", famImage, []string{"webp"}}
	typePDF  = &fileType{"application/pdf", famPDF, []string{"pdf"}}
	typeOFD  = &fileType{"application/ofd", famOFD, []string{"ofd"}} // GB/T 33190
	typeDocx = &fileType{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", famWord, []string{"docx"}}
	typeXlsx = &fileType{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", famSheet, []string{"xlsx"}}
	typePptx = &fileType{"application/vnd.openxmlformats-officedocument.presentationml.presentation", famSlides, []string{"pptx"}}
	typeDoc  = &fileType{"application/msword", famWord, []string{"doc", "wps"}}
	typeXls  = &fileType{"application/vnd.ms-excel", famSheet, []string{"xls", "et"}}
	typePpt  = &fileType{"application/vnd.ms-powerpoint", famSlides, []string{"ppt", "dps"}}
	typeTxt  = &fileType{"text/plain", famText, []string{"txt"}}
	typeCSV  = &fileType{"text/csv", famText, []string{"csv"}}
	typeZip  = &fileType{"application/zip", famZip, []string{"zip"}}
	typeMP4  = &fileType{"video/mp4", famVideo, []string{"mp4", "m4v"}}
	typeMP3  = &fileType{"audio/mpeg", famAudio, []string{"mp3"}}

	fileTypes = []*fileType{typeJPEG, typePNG, typeGIF, typeWebP, typePDF, typeOFD, typeDocx, typeXlsx, typePptx,
		typeDoc, typeXls, typePpt, typeTxt, typeCSV, typeZip, typeMP4, typeMP3}
)

// extTypes maps each known extension to the type it claims.
var extTypes = func() map[string]*fileType {
	m := map[string]*fileType{}
	for _, t := range fileTypes {
		for _, e := range t.exts {
			m[e] = t
		}
	}
	return m
}()

// FileAccept is the value of the accept attribute for choosing attachments.
func FileAccept() string {
	var exts []string
	for _, t := range fileTypes {
		for _, e := range t.exts {
			exts = append(exts, "."+e)
		}
	}
	return strings.Join(exts, ",")
}

// extFor returns the extension a file of type t gets whose name claims another
// one, or a refusal when the claim is a lie.
func (t *fileType) extFor(claimed string) (string, error) {
	if slices.Contains(t.exts, claimed) {
		return claimed, nil
	}
	if other := extTypes[claimed]; other != nil && other.family != t.family {
		return "", lie(claimed, "."+t.exts[0])
	}
	return t.exts[0], nil
}

// lie is the refusal of a file that is not what its name says.
func lie(claimed, really string) error {
	return refuse("文件名的扩展名是 .%s，内容却是 %s，两者不符。请用原来的软件打开检查，另存为正确的格式后再上传。", claimed, really)
}

// forbiddenExt lists names that run something when a reader opens the file,
// whatever is inside, or that a browser shows as a page of our site.
var forbiddenExt = func() map[string]bool {
	m := map[string]bool{}
	for _, e := range strings.Fields("exe com scr pif bat cmd msi msp dll sys cpl ocx vbs vbe js mjs jse wsf wsh hta " +
		"ps1 psm1 reg lnk url inf jar class apk ipa deb rpm sh bash py pl rb php phtml php5 jsp jspx asp aspx cgi " +
		"htm html xhtml shtml mht mhtml svg svgz xml xsl swf chm docm xlsm pptm dotm xltm potm xlam xll iso img dmg") {
		m[e] = true
	}
	return m
}()
